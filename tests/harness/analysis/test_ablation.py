"""The numbers of the ablation against the runs that they are from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from baselines.registry import methods
from harness.analysis.ablation import measured, overlap_and_chance
from harness.config.ablation import FACTORS, AblationRun, ablation_runs
from harness.config.benchmarks import BENCHMARKS
from harness.config.run import Run
from harness.storage import schema, store
from harness.storage.record import MethodDeclaration, Record


def planned(factor: str, seeds: Sequence[int] = (0, 1)) -> list[AblationRun]:
    return list(ablation_runs(BENCHMARKS["split_mnist"], [FACTORS[factor]], methods(), seeds))


def save(root: Path, run: Run, level: float) -> None:
    """A run of a constant accuracy, whose masks are of ten weights."""
    rows: list[Any] = [{"metric": "weights", "layer": "x", "value": 10.0}]
    for after in range(1, 6):
        keys = {"after": after, "layer": "x"}
        rows.append({**keys, "metric": "mask_ones", "task": after, "value": 5.0})
        for task in range(1, after):
            pair = {**keys, "task": task, "other": after}
            rows.append({**pair, "metric": "mask_overlap", "value": 4.0})
        tested = range(1, 6) if after == 5 else [after]
        for scenario in dict.fromkeys([run.scenario, "task-il"]):
            for rule in ["max-logit", "calibrated-logit"] if scenario == "class-il" else [""]:
                value = {"class-il": level, "task-il": 1.0}[scenario] if rule else level
                value = 0.1 if rule == "calibrated-logit" else value
                rows += [
                    {
                        "metric": "accuracy", "scenario": scenario, "rule": rule, "after": after,
                        "task": task, "value": value,
                    }
                    for task in tested
                ]  # fmt: skip
    store.save(
        root, Record(run, MethodDeclaration("RMN", rule="max-logit")), schema.table(rows, run)
    )


def test_cells_are_means_over_the_seeds_that_are_stored(tmp_path: Path) -> None:
    plan = planned("head")
    levels = {("one, with a mask per task", 0): 0.8, ("one, with a mask per task", 1): 0.9}
    for one in plan:
        if (one.variant, one.run.seed) in levels:
            save(tmp_path, one.run, levels[one.variant, one.run.seed])
    found = measured(tmp_path, plan)
    acc = found.cells[found.cells["metric"] == "acc"]
    [row] = acc.to_dict("records")
    assert (row["factor"], row["benchmark"], row["variant"]) == (
        "head",
        "split_mnist",
        "one, with a mask per task",
    )
    assert (row["mean"], row["seeds"]) == (pytest.approx(0.85), 2)
    assert len(found.overlap) == 10
    assert set(found.overlap["overlap"].round(4)) == {round(4 / 6, 4)}
    assert set(found.overlap["chance"].round(4)) == {round(2.5 / 7.5, 4)}


def test_runs_that_were_not_planned_do_not_count(tmp_path: Path) -> None:
    plan = planned("head", [0])
    other = replace(plan[0].run, settings={**plan[0].run.settings, "beta": 49.0})
    save(tmp_path, other, 0.5)
    found = measured(tmp_path, plan)
    assert found.cells.empty
    assert found.overlap.empty


def test_without_the_identity_the_max_rule_counts(tmp_path: Path) -> None:
    plan = planned("noise", [0])
    save(tmp_path, plan[0].run, 0.4)
    cells = measured(tmp_path, plan).cells
    [mean] = cells.loc[cells["metric"] == "acc", "mean"]
    assert mean == pytest.approx(0.4)


def test_chance_is_that_of_each_layer() -> None:
    shared = {"run_id": "a", "baseline": "rmn", "setting": "", "seed": 0}
    rows = [
        {**shared, "layer": layer, "metric": metric, "task": task, "other": other, "value": value}
        for layer, weights, first, second, both in (("x", 10, 5, 4, 3), ("y", 100, 10, 50, 8))
        for metric, task, other, value in (
            ("weights", None, None, weights),
            ("mask_ones", 1, None, first),
            ("mask_ones", 2, None, second),
            ("mask_overlap", 1, 2, both),
        )
    ]
    [row] = overlap_and_chance(pd.DataFrame(rows)).to_dict("records")
    assert row["overlap"] == pytest.approx(11 / (69 - 11))
    assert row["chance"] == pytest.approx(7 / (69 - 7))
