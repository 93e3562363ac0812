"""Tables of numbers as coloured squares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness.reporting.figures.heat_maps import heat_map, heat_maps
from harness.reporting.figures.style import FULL, HALF, grid


def square(tasks: int) -> pd.DataFrame:
    names = range(1, tasks + 1)
    return pd.DataFrame(100 * np.eye(tasks), index=names, columns=names)


def test_heat_maps_of_few_tasks_have_numbers_and_of_many_a_bar() -> None:
    few = heat_maps({"one": square(2), "none": pd.DataFrame(), "two": square(3)}, "x", "y")
    assert few is not None
    _, panels = few
    assert [axis.get_title() for axis in panels] == ["one", "two"]
    assert [text.get_text() for text in panels[0].texts] == ["100", "0", "0", "100"]
    many = heat_maps({"one": square(11)}, "x", "y")
    assert many is not None
    figure, [panel] = many
    assert not panel.texts
    assert [axis.get_label() for axis in figure.axes if axis.axison] == ["", "<colorbar>"]


def test_few_panels_are_as_wide_as_a_column_and_many_as_a_page() -> None:
    widths = []
    for number in (1, 3, 4):
        drawn = heat_maps({str(n): square(5) for n in range(number)}, "x", "y")
        assert drawn is not None
        widths.append(drawn[0].get_figwidth())
    assert widths == [HALF, HALF, FULL]


def test_the_scale_may_be_that_of_the_values_with_a_bar() -> None:
    drawn = heat_maps({"a": square(3) / 4, "b": square(3) / 2}, "x", "y", highest=None)
    assert drawn is not None
    figure, panels = drawn
    assert [axis.collections[0].get_clim() for axis in panels] == [(0, 50), (0, 50)]
    assert "<colorbar>" in [axis.get_label() for axis in figure.axes]


def test_a_single_cell_and_no_cell_is_no_map() -> None:
    assert heat_maps({}, "x", "y") is None
    assert heat_maps({"none": pd.DataFrame()}, "x", "y") is None
    assert heat_maps({"one": pd.DataFrame([[30.0]])}, "x", "y") is None
    assert heat_maps({"one": pd.DataFrame([[30.0, np.nan]])}, "x", "y") is None


def test_a_heat_map_reads_like_a_table_and_leaves_blank_what_is_missing() -> None:
    table = pd.DataFrame([[0.0, 50.4], [np.nan, 100.0]], index=["a", "b"], columns=[3, 4])
    _, axes = grid(1, 1, height=2)
    heat_map(axes[0][0], table, numbers=5)
    texts = {tuple(text.get_position()): text for text in axes[0][0].texts}
    said = {place: text.get_text() for place, text in texts.items()}
    assert said == {(0.5, 0.5): "0", (1.5, 0.5): "50", (1.5, 1.5): "100"}
    assert texts[0.5, 0.5].get_color() == "w"  # on dark violet
    assert texts[1.5, 1.5].get_color() == "0.15"  # on yellow
    assert axes[0][0].get_ylim() == (2, 0)
    for side, names in ((axes[0][0].yaxis, ["a", "b"]), (axes[0][0].xaxis, ["3", "4"])):
        assert [label.get_text() for label in side.get_ticklabels()] == names


@pytest.mark.parametrize(("tasks", "labels"), [(10, 10), (11, 6), (50, 10), (100, 10)])
def test_a_heat_map_has_at_most_ten_labels_a_side(tasks: int, labels: int) -> None:
    _, axes = grid(1, 1, height=2)
    heat_map(axes[0][0], square(tasks))
    assert len(axes[0][0].get_xticks()) == labels
    assert axes[0][0].get_xticklabels()[0].get_text() == "1"
