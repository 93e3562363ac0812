"""Colours, marks, lines and panels that every figure shares."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

from baselines.interface import Role
from baselines.registry import methods
from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.style import (
    FULL,
    HALF,
    colour,
    dashes,
    grid,
    legend,
    mark,
    wrapped,
)


def test_a_method_has_its_own_colour_or_always_the_same_one(board: Leaderboard) -> None:
    entry = board.entries[0]
    assert colour(replace(entry, colour="#0173b2")) == "#0173b2"
    derived = colour(replace(entry, colour="", title="another title"))
    assert derived == colour(replace(entry, colour="")) == to_hex(derived)
    others = {colour(replace(entry, colour="", baseline=name)) for name in "abcdefghij"}
    assert len(others) == 10


def test_methods_that_are_compared_by_default_have_different_marks(board: Leaderboard) -> None:
    roles = (Role.SUBJECT, Role.BOUND, Role.BASELINE)
    compared = [name for name, method in methods().items() if method.role in roles]
    compared.remove("rmn_unsupervised")  # of other streams
    marks = [mark(replace(board.entries[0], baseline=name)) for name in compared]
    assert len(set(marks)) == len(compared)
    one = replace(board.entries[0], title="with another setting", setting="x=1")
    assert mark(one) == mark(board.entries[0])


def lab(colour: str) -> NDArray[np.float64]:
    """A colour in CIELAB, where distances are about as the eye sees them; white is D65."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ linear / [0.9505, 1.0, 1.089])  # none is nearly black
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_methods_of_nearly_one_colour_have_different_marks(board: Leaderboard) -> None:
    alike = {frozenset(["rmn", "rmn_unsupervised"]), frozenset(["frcl", "frcl_unsupervised"])}
    for (one, first), (other, second) in combinations(methods().items(), 2):
        if frozenset([one, other]) in alike:  # one method, for streams of two kinds
            continue
        marks = {mark(replace(board.entries[0], baseline=name)) for name in (one, other)}
        far = np.linalg.norm(lab(first.colour) - lab(second.colour)) > 30
        assert far or len(marks) == 2, (one, other)


def test_settings_of_one_method_have_their_own_lines(board: Leaderboard) -> None:
    first, other = board.entries
    entries = [replace(first, setting=setting) for setting in ("", "x=1", "x=2", "x=3", "x=4")]
    many = replace(board, entries=[*entries, other])
    lines = [dashes(many, entry) for entry in entries]
    assert len(set(lines[:4])) == 4
    assert lines[4] == lines[0]
    assert dashes(many, other) == lines[0]


@pytest.mark.parametrize("title", ["RMN", "RMN+ (every_router=True, quiet_weight=0.1)", "x" * 60])
def test_titles_are_folded_to_a_panels_width(title: str) -> None:
    lines = wrapped(title).splitlines()
    assert max(map(len, lines)) <= 24
    assert "".join(lines).replace(" ", "") == title.replace(" ", "")


def test_a_figure_is_as_wide_as_a_page_or_a_column_and_as_high_as_its_rows() -> None:
    figure, axes = grid(2, 3, height=1.5)
    assert axes.shape == (2, 3)
    assert figure.get_size_inches().tolist() == [FULL, 3.0]
    figure, axes = grid(1, 1, height=1.0, width=HALF)
    assert figure.get_figwidth() == HALF
    assert axes.shape == (1, 1)


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
