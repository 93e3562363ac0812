"""Published numbers beside ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.analysis.anchors import ANCHORS, Anchor, PublishedComparison
from harness.reporting.pages.anchors import _row, anchors_section
from harness.results import main


def test_the_command_prints_the_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anchors", "--results", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.strip()
    assert printed == anchors_section(tmp_path)
    assert printed.count("| – | – | – |") == len(ANCHORS)


@pytest.mark.parametrize(
    ("comparison", "cells"),
    [
        ((98.0, 0.25, 3), "97.70 ± 0.81 | 98.00 ± 0.25 | 3 | +0.30"),
        ((96.0, float("nan"), 1), "97.70 ± 0.81 | 96.00 | 1 | -1.70 (!)"),
    ],
)
def test_what_is_far_from_the_published_number_is_marked(
    comparison: tuple[float, float, int], cells: str
) -> None:
    anchor = Anchor("", "", "split_mnist_hsu", "task-il", "", "", "ewc", 97.7, "0.81")
    found = _row(PublishedComparison(anchor, *comparison))
    assert found == ["task-il", "EWC", *cells.split(" | ")]
