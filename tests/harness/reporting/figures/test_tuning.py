"""The figure of what was tried, read back from its axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.reporting.figures.tuning import searches
from harness.storage.studies import Study, Trial, TrialRun


def trial(number: int, settings: dict[str, Any], *values: float, beyond: str = "") -> Trial:
    runs = tuple(TrialRun(f"{number}-{n}", 10_000 + n, (one,)) for n, one in enumerate(values))
    return Trial(number, settings, runs, pruned=len(values) == 1, beyond=beyond)


STUDY = Study(
    benchmark="split_mnist",
    scenario="task-il",
    norm="none",
    method="ewc",
    training={},
    space={"ewc_lambda": {"low": 1.0, "high": 100.0}},
    sampler={},
    trials=(
        trial(0, {"ewc_lambda": 50.0}, 0.5, 0.75),
        trial(1, {"ewc_lambda": 2.0}, 0.25),
        trial(2, {"ewc_lambda": 10.0}, 0.25, 0.75),
        trial(3, {"ewc_lambda": 500.0}, 0.75, 1.0, beyond="ewc_lambda"),
    ),
    chosen=3,
)
TWO = replace(
    STUDY,
    method="rmn",
    space={"beta": {"low": 1.0, "high": 9.0}, "initialisation": {"values": ("normal", "uniform")}},
    trials=(
        trial(0, {"beta": 2.0, "initialisation": "normal"}, 0.5, 0.5),
        trial(1, {"beta": 3.0, "initialisation": "uniform"}, 0.25, 0.25),
    ),
    chosen=1,
)


def panels(*studies: Study) -> list[Axes]:
    figure = searches(studies)
    assert figure is not None
    return [axis for axis in figure.axes if axis.axison]


def dots(axis: Axes, filled: bool) -> Sequence[Line2D]:
    marked = [line for line in axis.lines if line.get_marker() == "o"]
    return [line for line in marked if (line.get_markerfacecolor() != "none") is filled]


def ends_of_grey(axis: Axes) -> tuple[float, float]:
    [searched] = axis.patches
    corners = searched.get_extents().transformed(axis.transData.inverted())
    return corners.x0, corners.x1


def xs(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata())]


def ys(line: Line2D) -> list[float]:
    return [float(y) for y in np.asarray(line.get_ydata())]


def test_a_panel_has_the_mean_of_each_value_in_order_and_the_pruned_apart() -> None:
    [axis] = panels(STUDY)
    assert axis.get_xscale() == "log"
    assert (axis.get_title(), axis.get_ylabel()) == ("ewc\newc_lambda", "task-il\nnorm none")
    [kept], [pruned] = dots(axis, filled=True), dots(axis, filled=False)
    assert xs(kept) == [10.0, 50.0, 500.0]
    assert ys(kept) == pytest.approx([50.0, 62.5, 87.5])
    assert kept.get_linestyle() == "-"
    assert (xs(pruned), ys(pruned)) == ([2.0], [25.0])


def test_what_was_chosen_and_the_first_range_are_marked() -> None:
    [axis] = panels(STUDY)
    [line] = [one for one in axis.lines if one.get_linestyle() == "--"]
    assert xs(line) == [500.0, 500.0]
    assert ends_of_grey(axis) == pytest.approx((1.0, 100.0))


def test_every_seed_is_shown() -> None:
    [axis] = panels(STUDY)
    seeds = [ys(line) for line in axis.lines if line.get_marker() == "_"]
    assert seeds == [[50.0, 75.0], [25.0, 75.0], [75.0, 100.0]]


def test_settings_that_were_searched_together_have_a_panel_each_and_no_curve() -> None:
    first, second = panels(TWO)
    titles = [axis.get_title() for axis in (first, second)]
    assert titles == ["rmn\nbeta", "rmn\ninitialisation"]
    assert [line.get_linestyle() for line in dots(first, filled=True)] == ["None"]
    assert [label.get_text() for label in second.get_xticklabels()] == ["normal", "uniform"]
    [kept] = dots(second, filled=True)
    assert xs(kept) == [0, 1]
    assert dots(first, filled=False) == []


def test_scenarios_follow_each_other_and_each_panel_names_its_setting() -> None:
    usual = replace(STUDY, norm="per-task")
    without = replace(usual, scenario="class-il", norm="shared")
    found = panels(usual, TWO, without)
    assert [axis.get_title() for axis in found] == [
        *("ewc\newc_lambda", "rmn\nbeta", "rmn\ninitialisation", "ewc\newc_lambda")
    ]
    labels = ["task-il", "task-il\nnorm none", "", "class-il"]
    assert [axis.get_ylabel() for axis in found] == labels


def test_what_does_not_fit_into_a_row_goes_on_in_the_next() -> None:
    many = [replace(TWO, method=f"m{number}") for number in range(5)]
    found = panels(STUDY, *many)
    assert len(found) == 11
    assert [axis.get_ylabel() for axis in found] == [
        *("task-il\nnorm none", *[""] * 8),
        *("task-il\nnorm none", ""),
    ]


def test_several_studies_are_in_one_figure_and_none_in_none() -> None:
    assert len(panels(STUDY, TWO)) == 3
    assert searches([]) is None


def test_values_beyond_those_to_choose_from_have_their_place_once_tried() -> None:
    study = replace(
        STUDY,
        method="wsn",
        space={"density": {"values": (0.1, 0.5), "beyond": (0.05, 0.7, 0.9)}},
        trials=(
            trial(0, {"density": 0.1}, 0.25, 0.25),
            trial(1, {"density": 0.5}, 0.5, 0.5),
            trial(2, {"density": 0.7}, 0.75, 0.75, beyond="density"),
            trial(3, {"density": 0.9}, 0.5, 0.5, beyond="density"),
        ),
    )
    [axis] = panels(study)
    assert [text.get_text() for text in axis.get_xticklabels()] == ["0.1", "0.5", "0.7", "0.9"]
    [kept] = dots(axis, filled=True)
    assert ys(kept) == pytest.approx([25.0, 50.0, 75.0, 50.0])
    assert ends_of_grey(axis) == pytest.approx((-0.5, 1.5))
