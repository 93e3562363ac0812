"""Supplement Table 1 from stored counts, beside what the paper prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from baselines.registry import methods
from harness.analysis import conditions
from harness.analysis.conditions import CONDITIONS, observed_conditions
from harness.analysis.selection import select
from harness.config.run import Run
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import MEASUREMENTS
from harness.storage.store import Results


def saved(root: Path, measured: Callable[..., tuple[Run, pd.DataFrame]], name: str) -> Run:
    """A run of a method in class-il as the harness itself measures it."""
    run, rows = measured(name, "class-il", tasks=2)
    title = methods()[name].title
    store.save(root, Record(run, MethodDeclaration(title), {}), schema.check(rows))
    return run


def runs_of(root: Path, benchmark: str, profile: str) -> Results:
    return select(store.read(root, benchmark, profile))


def seen(root: Path) -> dict[tuple[str, str], Any]:
    table = observed_conditions([runs_of(root, "split_mnist", "smoke")])
    rows: list[dict[Any, Any]] = table.to_dict("records")
    return {(row["baseline"], row["condition"]): row for row in rows}


def test_what_is_seen_stands_beside_what_is_printed(
    tmp_path: Path, measured: Callable[..., tuple[Run, pd.DataFrame]]
) -> None:
    for name in ("lwf", "mega", "mas", "generative_replay", "single"):
        saved(tmp_path, measured, name)
    table = seen(tmp_path)
    assert [name for name, _ in table][:: len(CONDITIONS)] == [
        *("mega", "mas"),  # in the order of the paper, and then those that it lacks
        *("generative_replay", "lwf", "single"),
    ]
    observed = {
        name: [table[name, condition.title]["observed"] for condition in CONDITIONS]
        for name in ("lwf", "mega", "mas", "generative_replay", "single")
    }
    assert observed == {
        "lwf": ["no", "no", "", "no", "yes"],  # the old network, while a task is trained
        "mega": ["yes", "no", "", "no", "no"],
        "mas": ["no", "no", "", "no", "no"],
        "generative_replay": ["no", "no", "", "yes", "yes"],
        "single": ["no", "no", "", "no", "yes"],
    }
    assert [table["mega", c.title]["quoted"] for c in CONDITIONS] == [
        "yes",
        "yes*",
        "no",
        "no",
        "no",
    ]
    assert [table["mega", c.title]["differs"] for c in CONDITIONS] == [False, True, *[False] * 3]
    assert not any(table["lwf", c.title]["quoted"] for c in CONDITIONS)


def test_what_is_given_up_on_one_benchmark_is_given_up(
    tmp_path: Path, measured: Callable[..., tuple[Run, pd.DataFrame]]
) -> None:
    run, rows = measured("hat", "class-il", tasks=2)
    for name, layers in (("split_mnist", 1.0), ("permuted_mnist", 10.0)):
        there = replace(run, benchmark=name)
        changed = rows["value"].where(rows["metric"] != "output_layers", layers)
        stored = rows.assign(value=changed, benchmark=name, run_id=there.id)
        store.save(tmp_path, Record(there, MethodDeclaration("HAT"), {}), schema.check(stored))
    heads = {
        benchmarks: observed_conditions(
            runs_of(tmp_path, name, "smoke") for name in benchmarks
        ).set_index("condition")
        for benchmarks in (("split_mnist",), ("split_mnist", "permuted_mnist"))
    }
    assert [one.loc["Multihead", "observed"] for one in heads.values()] == ["no", "yes"]
    assert [one.loc["Data replay", "observed"] for one in heads.values()] == ["no", "no"]


def test_runs_without_counts_make_no_table(results: Path) -> None:
    """Those of earlier versions have stored examples alone; those in task-il are not asked."""
    table = observed_conditions([runs_of(results, "split_mnist", "default")])
    assert set(table["observed"]) <= {"", "no"}
    assert observed_conditions([runs_of(results, "permuted_mnist", "default")]).empty


def test_every_count_is_a_measurement_and_the_papers_table_is_whole() -> None:
    assert {c.metric for c in CONDITIONS} - {""} <= MEASUREMENTS.keys()
    lines = list(conditions._quoted())
    assert len(lines) == 13
    for line in lines:
        assert list(line) == ["method", *(condition.key for condition in CONDITIONS)]
        assert {text.rstrip("*") for key, text in line.items() if key != "method"} <= {"yes", "no"}
    assert {"rmn", "ewc", "vcl_coreset", "hat"} <= {line["method"] for line in lines}


@pytest.mark.parametrize("name", ["hat", "rmn"])
def test_a_head_per_task_is_one_output_layer_where_outputs_are_the_tasks_own(
    name: str, measured: Callable[..., tuple[Run, pd.DataFrame]]
) -> None:
    for outputs, layers in (("own", 1), ("heads", 2)):
        _, rows = measured(name, "task-il", tasks=2, outputs=outputs)
        found = rows.loc[rows["metric"] == "output_layers", "value"]
        assert found.max() == layers
