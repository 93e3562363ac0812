"""What the template of a benchmark's report is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.reporting.sections import ScenarioSection, section
from harness.storage import store
from harness.storage.schema import CLASSES_SEEN, RULES
from harness.storage.store import Results

SaveRun = Callable[..., Path]


def given(results: Results) -> list[ScenarioSection]:
    boards = [leaderboard(one) for one in comparisons(results)]
    return [section(board, board) for board in boards]


def of_class_il(rows: pd.DataFrame, found: Results) -> ScenarioSection:
    """The only section of a report on other rows of the runs in class-il."""
    [one] = given(replace(found, rows=rows))
    assert one.name == "class-il"
    return one


@pytest.fixture(scope="module")
def both(results: Path) -> Results:
    """The runs in task-il and in class-il."""
    return select(store.read(results, "split_mnist", "default"))


def test_there_is_a_section_a_scenario(both: Results) -> None:
    task_il, class_il = given(both)
    assert (task_il.name, class_il.name) == ("task-il", "class-il")
    assert "The task identity is given in training and at test" in task_il.rules
    assert "no identity is given at test" in class_il.rules
    assert "Every method has one BatchNorm per task." in task_il.rules
    assert "except for NAIVE: one BatchNorm for all tasks" in class_il.rules
    for one in (task_il, class_il):
        captions = [table.summary for table in one.tables]
        assert all(caption.startswith(one.name) for caption in captions)
        assert all("95 % interval of the mean" in caption for caption in captions)


def test_another_normalisation_has_a_section_of_its_own_below(
    tmp_path: Path, save_run: SaveRun
) -> None:
    for scenario in ("class-il", "task-il"):
        save_run(tmp_path, "naive", 0, 0.6, scenario=scenario)
    for method in ("naive", "rmn"):
        save_run(tmp_path, method, 0, 0.5, norm="none")
    sections = given(select(store.read(tmp_path, "split_mnist", "default")))
    titles = ["task-il", "task-il, robustness: no normalisation", "class-il"]
    assert [one.title for one in sections] == titles
    assert [one.main for one in sections] == [True, False, True]
    first, second, _ = (one.tables[0].rows for one in sections)
    assert [row[0].text for row in first] == ["NAIVE"]
    assert {row[0].text for row in second} == {"NAIVE", "RMN"}
    assert sections[1].quoted == ""
    assert len(sections[1].tables) == 1


def test_parts_have_only_columns_and_methods_with_numbers(
    class_il: tuple[Results, Leaderboard],
) -> None:
    found, _ = class_il
    accuracy, costs, _ = of_class_il(found.rows, found).tables
    methods = [[row[0].text for row in table.rows] for table in (accuracy, costs)]
    assert methods == [["RMN", "NAIVE"]] * 2
    assert accuracy.head[-1] == "Task inferred by"
    assert [row[-1].text for row in accuracy.rows] == ["max-logit", CLASSES_SEEN]
    assert "Mask density" in costs.head
    rows = found.rows[found.rows["baseline"] == "naive"]
    records = [record for record in found.records if record.run.baseline == "naive"]
    alone = of_class_il(rows, Results(records, rows)).tables
    heads = [table.head for table in alone]
    assert not any("Mask density" in head or "Task inference" in head for head in heads)
    for table in alone:
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_who_was_not_measured_is_quoted(both: Results) -> None:
    task_il, class_il = (one.quoted for one in given(both))
    for name in ("HAT 99", "EWC 63.1", "SI 57.6", "VCL, coreset 97"):
        assert name in task_il
    assert "RMN" not in task_il
    assert class_il == ""  # of the others nothing is printed without the identity


def test_rules_are_compared_where_a_method_has_several(both: Results) -> None:
    task_il, class_il = given(both)
    rules = ["Method", "max-logit", "energy"]
    assert not any(table.head == rules for table in task_il.tables)
    [table] = [table for table in class_il.tables if table.head == rules]
    [row] = table.rows  # nothing was measured of what they cost
    accuracy = both.rows[
        (both.rows["baseline"] == "rmn")
        & (both.rows["scenario"] == "class-il")
        & (both.rows["metric"] == "accuracy")
    ]
    assert row[0].text == "RMN"
    for rule, cell in zip(rules[1:], row[1:], strict=True):
        mine = accuracy[accuracy["rule"] == rule]
        last = mine[mine["after"] == mine["after"].max()]
        assert float(cell.text.split()[0]) == pytest.approx(last["value"].mean() * 100, abs=0.01)
    assert f"max-logit keeps {RULES['max-logit']}; the others keep nothing" in table.summary


def test_a_router_by_itself_is_said_to_be(class_il: tuple[Results, Leaderboard]) -> None:
    found, _ = class_il
    rules = found.rows["rule"].astype("string").replace({"energy": "ridge-units alone"})
    rows = found.rows.assign(rule=rules)
    [*_, table] = of_class_il(rows, found).tables
    assert "Alone: the router's own answers, without the network." in table.summary
