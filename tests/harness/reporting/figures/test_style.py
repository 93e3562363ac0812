"""Colours, lines and panels that every figure shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.style import (
    MARKS,
    colour,
    dashes,
    grid,
    heat_map,
    heat_maps,
    legend,
    rows_of,
    wrapped,
)
from harness.storage.store import Results


def test_a_method_has_its_own_colour_or_always_the_same_one(board: Leaderboard) -> None:
    entry = board.entries[0]
    assert colour(replace(entry, colour="#0173b2")) == "#0173b2"
    derived = colour(replace(entry, colour="", title="another title"))
    assert derived == colour(replace(entry, colour="")) == to_hex(derived)
    others = {colour(replace(entry, colour="", baseline=name)) for name in "abcdefghij"}
    assert len(others) == 10


def test_settings_of_one_method_have_their_own_lines(board: Leaderboard) -> None:
    first, other = board.entries
    entries = [replace(first, setting=setting) for setting in ("", "x=1", "x=2", "x=3", "x=4")]
    many = replace(board, entries=[*entries, other])
    lines = [dashes(many, entry) for entry in entries]
    assert len(set(lines[:4])) == 4
    assert lines[4] == lines[0]
    assert dashes(many, other) == lines[0]
    assert set(lines) == set(MARKS)


@pytest.mark.parametrize("title", ["RMN", "RMN+ (every_router=True, quiet_weight=0.1)", "x" * 60])
def test_titles_are_folded_to_a_panels_width(title: str) -> None:
    lines = wrapped(title).splitlines()
    assert max(map(len, lines)) <= 24
    assert "".join(lines).replace(" ", "") == title.replace(" ", "")


def test_a_figure_is_as_wide_as_the_text_and_as_high_as_its_rows() -> None:
    figure, axes = grid(2, 3, height=1.5)
    assert axes.shape == (2, 3)
    assert figure.get_size_inches().tolist() == [6.7, 3.0]
    assert grid(1, 1, height=1.0)[1].shape == (1, 1)


def test_a_legend_names_each_method_once() -> None:
    _, axes = grid(1, 2, height=1.0)
    for axis in axes[0]:
        for title in ("one", "two"):
            axis.plot([0, 1], label=title)
    axes[0][1].plot([0, 1], label="three")
    legend(axes[0])
    assert axes[0][0].get_legend() is None
    shown = axes[0][1].get_legend()
    assert [text.get_text() for text in shown.get_texts()] == ["one", "two", "three"]


def square(tasks: int) -> pd.DataFrame:
    names = range(1, tasks + 1)
    return pd.DataFrame(np.eye(tasks), index=names, columns=names)


def test_heat_maps_of_few_tasks_have_numbers_and_of_many_a_bar() -> None:
    few = heat_maps({"one": square(2), "none": pd.DataFrame(), "two": square(3)}, "x", "y")
    assert few is not None
    panels = [axis for axis in few.axes if axis.axison]
    assert [axis.get_title() for axis in panels] == ["one", "two"]
    assert [text.get_text() for text in panels[0].texts] == ["100", "0", "0", "100"]
    many = heat_maps({"one": square(11)}, "x", "y")
    assert many is not None
    [panel, bar] = [axis for axis in many.axes if axis.axison]
    assert not panel.texts
    assert bar.get_label() == "<colorbar>"


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


def test_no_table_is_no_figure() -> None:
    assert heat_maps({}, "x", "y") is None
    assert heat_maps({"none": pd.DataFrame()}, "x", "y") is None


def test_rows_of_a_method_are_under_its_rule_where_the_task_is_not_given(
    found: Results, board: Leaderboard, class_il: tuple[Results, Leaderboard]
) -> None:
    assert set(rows_of(found.rows, board.entries[0], "task-il")["rule"]) == {""}
    without, compared = class_il
    rmn, naive = compared.entries
    inferred = rows_of(without.rows, rmn, "class-il")
    assert set(inferred["rule"]) == {"max-logit"}  # energy was measured as well
    assert set(inferred["baseline"]) == {"rmn"}
    assert set(rows_of(without.rows, naive, "class-il")["rule"]) == {"classes seen"}
