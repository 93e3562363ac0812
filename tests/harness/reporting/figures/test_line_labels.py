"""Labels at the ends of lines: apart, in order, close to the ends, and a legend where none fit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reporting.figures.line_labels import label_lines, spread
from harness.reporting.figures.style import HALF, grid


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_labels_are_apart_in_order_and_inside(places: list[float]) -> None:
    step = 0.1
    ends = sorted(places)
    found = spread(ends, step)
    assert len(found) == len(ends)
    assert all(later - one >= step - 1e-9 for one, later in pairwise(found))
    assert min(found) >= -1e-9
    assert max(found) <= 1 + 1e-9


@given(st.floats(0, 1))
def test_a_label_alone_stands_at_its_end(end: float) -> None:
    assert spread([end], 0.1) == [end]


def lines(labels: list[str]) -> Any:
    _, axes = grid(1, 1, height=1.8, width=HALF)
    axis = axes[0][0]
    for number, label in enumerate(labels):
        axis.plot([1, 2], [0, number / 10], label=label, color=f"C{number}")
    axis.plot([1, 2], [1, 1])  # without a label
    axis.set_ylim(0, 1)
    label_lines(axis)
    return axis


def test_each_line_has_its_name_in_its_colour_at_its_end() -> None:
    axis = lines(["one", "two", "three"])
    assert axis.get_legend() is None
    written = {text.get_text(): text for text in axis.texts}
    assert list(written) == ["one", "two", "three"]
    assert [text.get_color() for text in axis.texts] == ["C0", "C1", "C2"]
    assert [text.xy for text in axis.texts] == [(1.0, 0.0), (1.0, 0.1), (1.0, 0.2)]


@pytest.mark.parametrize("labels", [[f"m{n}" for n in range(30)], ["short", "a very long title"]])
def test_where_names_do_not_fit_there_is_a_legend(labels: list[str]) -> None:
    axis = lines(labels)
    assert not axis.texts
    shown = [" ".join(text.get_text().split()) for text in axis.get_legend().get_texts()]
    assert shown == labels
