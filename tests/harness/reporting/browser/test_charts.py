"""Charts: their numbers are those of the leaderboard, and Vega-Lite accepts how they are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert

from harness.analysis.comparisons import Comparison
from harness.analysis.leaderboard import Leaderboard
from harness.reporting.browser.charts import charts
from harness.reporting.model import Chart
from harness.storage.store import Results


@pytest.fixture(scope="module")
def drawn(compared: list[Comparison], boards: list[Leaderboard]) -> dict[str, dict[str, Chart]]:
    """By scenario and title."""
    return {
        board.scenario: {chart.title: chart for chart in charts(one.results.rows, board)}
        for one, board in zip(compared, boards, strict=True)
    }


def chosen(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def compiled(chart: Chart) -> dict[str, Any]:
    """A chart as Vega has it; it has marks."""
    values = chart.data.astype(object).where(chart.data.notna(), None).to_dict("records")
    vega: dict[str, Any] = vl_convert.vegalite_to_vega({**chart.spec, "data": {"values": values}})
    assert vega["marks"]
    return vega


def test_each_scenario_has_what_there_are_data_for(drawn: dict[str, dict[str, Chart]]) -> None:
    both = {
        *("Every seed", "Average accuracy while tasks are learned", "Accuracy on each task"),
        *("Accuracy against cost", "Masks", "Overlap of masks"),
    }
    assert set(drawn["task-il"]) == both
    assert set(drawn["class-il"]) == both | {"Task inference"}


def test_vega_lite_accepts_every_chart(drawn: dict[str, dict[str, Chart]]) -> None:
    for chart in drawn["class-il"].values():
        signals = {signal["name"] for signal in compiled(chart)["signals"]}
        assert "dark" in signals
        assert ("visible" in signals) == ("method" not in str(chart.spec["params"]).lower())


def test_means_and_seeds_are_those_of_the_leaderboard(
    drawn: dict[str, dict[str, Chart]], board: Leaderboard
) -> None:
    data = drawn["task-il"]["Every seed"].data
    for entry in board.entries:
        cell = entry.cells[board.column("acc")]
        mine = chosen(data, Method=entry.title, Metric="ACC (%)")
        [mean] = chosen(mine, Seed="mean").to_dict("records")
        assert mean["Value"] == pytest.approx(cell.mean * 100, abs=1e-3)
        assert mean["High"] - mean["Low"] == pytest.approx(cell.half_width * 200, abs=2e-3)
        seeds = mine[mine["Seed"] != "mean"]["Value"]
        assert len(seeds) == 3
        assert seeds.mean() == pytest.approx(cell.mean * 100, abs=1e-3)


def test_curves_end_at_the_average_accuracy(
    drawn: dict[str, dict[str, Chart]], board: Leaderboard
) -> None:
    data = drawn["task-il"]["Average accuracy while tasks are learned"].data
    for entry in board.entries:
        [last] = chosen(data, Method=entry.title, **{"Tasks learned": 5}).to_dict("records")
        acc = entry.cells[board.column("acc")].mean
        assert last["Accuracy"] == pytest.approx(acc * 100, abs=1e-3)
        assert last["Low"] < last["Accuracy"] < last["High"]


def test_heat_maps_have_the_numbers_that_were_measured(drawn: dict[str, dict[str, Chart]]) -> None:
    matrix = drawn["task-il"]["Accuracy on each task"].data
    before = chosen(matrix, Method="RMN", **{"After task": 1, "On task": 5})
    assert before["Percent"].tolist() == [50.0]  # not learned yet
    overlap = drawn["task-il"]["Overlap of masks"].data
    assert set(overlap["Percent"]) == {round(100 * 5 / 35, 2)}  # 20 weights each, 5 of them shared
    inferred = drawn["class-il"]["Task inference"].data
    right = inferred[inferred["True task"] == inferred["Inferred task"]]
    assert set(right["Percent"]) == {60.0}


def test_masks_are_shares_of_all_weights(drawn: dict[str, dict[str, Chart]]) -> None:
    data = drawn["task-il"]["Masks"].data
    kept = data[data["Share of"].str.startswith("Weights that")]["Share"]
    used = data[data["Share of"].str.startswith("Weights used")]["Share"]
    assert set(kept) == {20.0}
    assert used.tolist() == [15.0, 30.0, 45.0, 60.0, 75.0]


def test_what_was_not_measured_is_in_no_chart(drawn: dict[str, dict[str, Chart]]) -> None:
    for scenario in drawn.values():
        for chart in scenario.values():
            numbers = chart.data.drop(columns=["Low", "High"], errors="ignore")
            assert not numbers.isna().any(axis=None), chart.title
            assert np.isfinite(numbers.select_dtypes("number").to_numpy(dtype=float)).all()


@pytest.fixture(scope="module")
def without_labels(unlabelled: tuple[Results, Leaderboard]) -> dict[str, Chart]:
    """By title, of a stream without task labels."""
    found, board = unlabelled
    return {chart.title: chart for chart in charts(found.rows, board)}


def test_switches_are_judged_as_in_the_tables(without_labels: dict[str, Chart]) -> None:
    data = without_labels["Detection of task switches"].data
    assert set(data["Method"]) == {"RMN_UNSUPERVISED"}
    means = chosen(data, Seed="mean").set_index("Metric")["Value"]
    assert means["Recall (%)"] == means["Precision (%)"] == 100
    assert means["Delay (batches)"] == 2.5  # two batches late with one seed, three with the other
    assert means["False alarms / 1,000 (count)"] == 0


def test_masks_begun_stand_beside_the_first_batches_of_tasks(
    without_labels: dict[str, Chart],
) -> None:
    data = without_labels["When new tasks were noticed"].data
    assert chosen(data, Event="first batch of a task")["Batch"].tolist() == [0, 100, 200]
    second = chosen(data, Event="mask begun", Seed="1")
    assert second[["Number", "Batch"]].to_numpy().tolist() == [[1, 3], [2, 103], [3, 203]]


def test_old_tasks_are_told_from_new_ones(without_labels: dict[str, Chart]) -> None:
    data = without_labels["Old tasks told from new ones"].data
    for method in ("RMN_UNSUPERVISED", "NAIVE"):
        areas = chosen(data, Method=method, Score="AUROC (%)")
        assert areas["Tasks shown"].tolist() == [1, 2]
        assert areas["Mean"].tolist() == [85, 85]  # of 80 and 90
        assert set(chosen(data, Method=method, Score="FPR at 95 % TPR (%)")["Mean"]) == {30}


def test_what_the_identity_adds_is_shown_of_each_method(without_labels: dict[str, Chart]) -> None:
    data = without_labels["Accuracy with and without the task identity"].data
    table = data.pivot_table(index="Method", columns="Task identity", values="Accuracy")
    assert set(table["not given"]) == {70}
    assert set(table["given at test"]) == {90}


def test_vega_lite_accepts_charts_of_streams_without_labels(
    without_labels: dict[str, Chart],
) -> None:
    assert all(map(compiled, without_labels.values()))


def test_robustness_tables_have_no_charts(
    compared: list[Comparison], boards: list[Leaderboard]
) -> None:
    boards[0].factors = {"training.norm": "none"}
    try:
        assert charts(compared[0].results.rows, boards[0]) == []
    finally:
        boards[0].factors = {}
