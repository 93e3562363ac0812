"""Charts of searches hold every trial, the best so far and what was chosen."""

from __future__ import annotations

import math

import vl_convert

from baselines.interface import Choices, Range
from harness.reporting.browser.search_charts import search_charts
from harness.reporting.model import Chart
from harness.reporting.searches import Searched, Tried

SEARCH = Searched(
    title="mine",
    space={"strength": Range(1, 100), "start": Choices(("noise", "own"))},
    trials=[
        Tried(0, {"strength": 1.0, "start": "noise"}, 0.9, whole=False),
        Tried(1, {"strength": 10.0, "start": "own"}, 0.25, whole=True),
        Tried(2, {"strength": 100.0, "start": "own"}, 0.75, whole=True),
        Tried(3, {"strength": 50.0, "start": "noise"}, 0.5, whole=True),
    ],
    best=2,
)


def drawn(*searches: Searched) -> dict[str, Chart]:
    """By title."""
    return {chart.title: chart for chart in search_charts(searches, "Trials")}


def test_only_whole_trials_are_the_best_so_far() -> None:
    data = drawn(SEARCH)["Search, trial by trial"].data
    assert data["Accuracy"].tolist() == [90, 25, 75, 50]
    assert math.isnan(data["Best so far"][0])
    assert data["Best so far"][1:].tolist() == [25, 75, 75]
    assert data["Ended"].tolist() == ["stopped early", *["whole"] * 3]


def test_settings_stand_on_the_scale_that_they_were_searched_on() -> None:
    charts = drawn(SEARCH)
    by_range = charts["Accuracy by settings in a range"].data
    assert by_range["Value"].tolist() == [1, 10, 100, 50]
    assert by_range["Chosen"].tolist() == ["", "", "yes", ""]
    assert set(by_range["Setting"]) == {"strength"}
    values = charts["Accuracy by settings with values to choose from"].data
    assert values["Value"].tolist() == ["noise", "own", "own", "noise"]


def test_several_searches_are_told_apart() -> None:
    other = Searched(
        "other", {"strength": Range(1, 9)}, [Tried(0, {"strength": 2.0}, 0.5, whole=True)], None
    )
    charts = drawn(SEARCH, other)
    data = charts["Accuracy by settings in a range"].data
    assert set(data["Setting"]) == {"mine: strength", "other: strength"}
    assert set(data[data["Setting"] == "other: strength"]["Chosen"]) == {""}
    assert set(charts["Search, trial by trial"].data["Search"]) == {"mine", "other"}


def test_vega_lite_accepts_them() -> None:
    for chart in drawn(SEARCH).values():
        values = chart.data.astype(object).where(chart.data.notna(), None).to_dict("records")
        assert vl_convert.vegalite_to_vega({**chart.spec, "data": {"values": values}})["marks"]


def test_without_a_search_there_is_none() -> None:
    assert drawn() == {}
    assert drawn(Searched("begun", {}, [], None)) == {}
