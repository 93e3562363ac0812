"""What the template of a benchmark's report is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.metrics.definition import metrics
from harness.analysis.selection import select
from harness.reporting.benchmark_report import TEMPLATE
from harness.reporting.sections import content
from harness.storage import store
from harness.storage.schema import CLASSES_SEEN, RULES
from harness.storage.store import Results

SaveRun = Callable[..., Path]


def given(results: Results) -> dict[str, Any]:
    return content(results, [leaderboard(one) for one in comparisons(results)])


def of_class_il(rows: pd.DataFrame, found: Results) -> dict[str, Any]:
    """The only section of a report on other rows of the runs in class-il."""
    [section] = given(replace(found, rows=rows))["sections"]
    assert section["name"] == "class-il"
    return dict(section)


@pytest.fixture(scope="module")
def both(results: Path) -> Results:
    """The runs in task-il and in class-il."""
    return select(store.read(results, "split_mnist", "default"))


def test_the_template_reads_what_it_is_given(both: Results) -> None:
    source = TEMPLATE.read_text()
    made = given(both)
    assert set(re.findall(r"\bdata\.(\w+)", source)) == {*made, "figures"}
    [section, _] = made["sections"]
    assert set(re.findall(r"\bsection\.(\w+)", source)) == set(section)
    assert set(re.findall(r"\bpart\.(\w+)", source)) == set(section["leaderboard"][0])


def test_there_is_a_section_a_scenario(both: Results) -> None:
    task_il, class_il = given(both)["sections"]
    assert (task_il["name"], class_il["name"]) == ("task-il", "class-il")
    assert "Every method has one BatchNorm per task." in task_il["rules"]
    assert "except for NAIVE: one BatchNorm for all tasks" in class_il["rules"]
    for section in (task_il, class_il):
        captions = [part["caption"] for part in section["leaderboard"]]
        assert all(caption.startswith(section["name"]) for caption in captions)
        assert all("95 % interval of the mean" in caption for caption in captions)


def test_another_normalisation_has_a_section_of_its_own_below(
    tmp_path: Path, save_run: SaveRun
) -> None:
    for scenario in ("class-il", "task-il"):
        save_run(tmp_path, "naive", 0, 0.6, scenario=scenario)
    for method in ("naive", "rmn"):
        save_run(tmp_path, method, 0, 0.5, norm="none")
    sections = given(select(store.read(tmp_path, "split_mnist", "default")))["sections"]
    titles = ["task-il", "task-il, robustness: no normalisation", "class-il"]
    assert [section["title"] for section in sections] == titles
    assert [section["main"] for section in sections] == [True, False, True]
    first, second, _ = (section["leaderboard"][0]["rows"] for section in sections)
    assert [row[0]["text"] for row in first] == ["NAIVE"]
    assert {row[0]["text"] for row in second} == {"NAIVE", "RMN"}
    assert sections[1]["quoted"] == []


def test_parts_have_only_columns_and_methods_with_numbers(
    class_il: tuple[Results, Leaderboard],
) -> None:
    found, _ = class_il
    accuracy, transfer, costs = of_class_il(found.rows, found)["leaderboard"]
    methods = [[row[0]["text"] for row in part["rows"]] for part in (accuracy, transfer, costs)]
    assert methods == [["RMN", "NAIVE"]] * 3
    assert accuracy["head"][-1] == "Task inferred by"
    assert [row[-1]["text"] for row in accuracy["rows"]] == ["max-logit", CLASSES_SEEN]
    assert "Mask density" in costs["head"]
    rows = found.rows[found.rows["baseline"] == "naive"]
    records = [record for record in found.records if record.run.baseline == "naive"]
    alone = of_class_il(rows, Results(records, rows))
    heads = [part["head"] for part in alone["leaderboard"]]
    assert not any("Mask density" in head or "Task inference" in head for head in heads)
    for part in alone["leaderboard"]:
        assert {len(row) for row in part["rows"]} == {len(part["head"])}


def budget_text(found: Results, **changes: Any) -> str:
    """What is said of a budget with some fields of its own."""
    records = [
        replace(one, run=replace(one.run, training={**one.run.training, **changes}))
        for one in found.records
    ]
    text: str = given(replace(found, records=records))["budget"]
    return text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "for 1 epochs a task in batches of 128"),
        ({}, "Adam at 0.002, lowered to zero along half a cosine"),
        ({}, "products are in float32"),
        ({"decay": False}, "Adam at 0.002, unless"),
        ({"decay": False, "patience": 5}, "divided by three after 5 epochs without a lower loss"),
        ({"first_epochs": 7}, "1 epochs a task (7 in the first)"),
        ({"precision": "bfloat16"}, "products are in bfloat16, weights in float32"),
        (
            {"train_examples": 1024, "test_examples": 512},
            "Of the data, it has at most 1,024 training examples a task and at most 512 test "
            "examples a task.",
        ),
    ],
)
def test_the_budget_is_said_in_words(changes: dict[str, Any], said: str, found: Results) -> None:
    assert said in budget_text(found, **changes)


def test_the_budget_is_the_profiles_own_where_a_run_has_it(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "naive", 0, 0.6, epochs=20)
    found = select(store.read(tmp_path, "split_mnist", "default"))
    assert "for 20 epochs" in given(found)["budget"]
    save_run(tmp_path, "rmn", 0, 0.9)
    found = select(store.read(tmp_path, "split_mnist", "default"))
    assert "for 1 epochs" in given(found)["budget"]


def test_measured_stands_beside_quoted_and_who_was_not_measured_comes_last(
    both: Results, boards: list[Leaderboard]
) -> None:
    task_il, class_il = (section["quoted"] for section in given(both)["sections"])
    (rmn, naive), others = task_il[:2], task_il[2:]
    accuracy = boards[0].entries[0].text(boards[0].column("acc"))
    assert rmn[:3] == ["RMN", accuracy, "99.5 ± 0.2"]
    assert naive[2:] == ["–", "", ""]
    names = [row[0] for row in others]
    assert {"HAT", "EWC", "SI", "VCL"} <= set(names)
    assert "RMN" not in names
    assert all(row[1] == "–" for row in others)
    # of the others nothing is printed without the identity
    assert [row[0] for row in class_il] == ["RMN", "NAIVE"]
    assert class_il[0][2] == "99.5 ± 0.2"


def test_rules_are_compared_where_a_method_has_several(both: Results) -> None:
    task_il, class_il = given(both)["sections"]
    assert task_il["inference"]["rows"] == []
    rules = class_il["inference"]
    assert [row[:2] for row in rules["rows"]] == [["RMN", "max-logit"], ["", "energy"]]
    assert [row[-1] for row in rules["rows"]] == [RULES["max-logit"], RULES["energy"]]
    assert {len(row) for row in rules["rows"]} == {len(rules["head"])}
    place = rules["head"].index("Task inference")
    assert [row[place] for row in rules["rows"]] == ["60.00", "–"]  # of one rule alone


def test_a_router_by_itself_is_said_to_be(class_il: tuple[Results, Leaderboard]) -> None:
    found, _ = class_il
    rules = found.rows["rule"].astype("string").replace({"energy": "ridge-units alone"})
    rows = found.rows.assign(rule=rules)
    inference = of_class_il(rows, found)["inference"]
    assert inference["rows"][1][-1] == "the router's own answers, without the network"


def test_settings_that_differ_in_the_budget_alone_share_a_row(
    tmp_path: Path, save_run: SaveRun
) -> None:
    for epochs in (1, 5):
        save_run(tmp_path, "rmn", 0, 0.8 + epochs / 100, epochs)
    for scenario in ("task-il", "class-il"):
        save_run(tmp_path, "naive", 0, 0.6, scenario=scenario)
    methods = given(select(store.read(tmp_path, "split_mnist", "default")))["methods"]
    assert methods == [
        ["RMN (training.epochs=5); RMN", "task-il", "r", "x = 1.0", "–", "none"],
        ["NAIVE", "task-il, class-il", "r", "x = 1.0", "–", "none"],
    ]


def test_formulas_are_of_what_was_measured(found: Results) -> None:
    formulas = given(found)["formulas"]
    titles = [title for title, _, _ in formulas]
    assert metrics()["acc"].title in titles
    assert metrics()["mask_density"].title in titles
    assert metrics()["switch_f1"].title not in titles
    assert len(set(titles)) == len(titles)


def test_runs_of_uncommitted_code_are_told_from_those_of_a_commit(found: Results) -> None:
    first, *others = found.records
    dirty = replace(first, provenance={**first.provenance, "dirty": True})
    rows = given(replace(found, records=[dirty, *others]))["provenance"]
    assert rows[rows.index(("Commit", "abc", "5")) + 1] == ("", "abc with uncommitted changes", "1")
    assert ("Versions", "torch 1", "6") in rows


def test_what_failed_or_is_damaged_is_named(found: Results) -> None:
    first = found.records[0]
    run = replace(first.run, seed=9)
    failed = replace(first, run=run, status="failed", error="Traceback\n  x\nValueError: no\n")
    damaged = {Path("/somewhere/0123"): "OSError: gone"}
    problems = given(replace(found, records=[*found.records, failed], damaged=damaged))["problems"]
    assert problems == [
        f"{first.run.baseline} seed 9: failed, ValueError: no",
        "somewhere/0123: damaged, OSError: gone",
    ]
    assert given(found)["problems"] == []
