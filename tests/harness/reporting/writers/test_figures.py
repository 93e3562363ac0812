"""Figures as files: each in every kind, with its caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.reporting.model import Figure, Report
from harness.reporting.writer import write


def draw(folder: Path, endings: Sequence[str]) -> Sequence[Figure]:
    for ending in endings:
        (folder / f"one.{ending}").write_text("drawn")
    return [Figure(folder / f"one.{endings[0]}", "What it shows.", "task-il")]


def test_a_folder_holds_each_figure_in_every_kind(awkward: Report, tmp_path: Path) -> None:
    made = write(replace(awkward, draw=draw), "figures", tmp_path)
    assert made == tmp_path / "awkward.figures"
    names = {path.name for path in made.iterdir()}
    assert names == {"one.pdf", "one.svg", "one.png", "captions.txt"}
    assert (made / "captions.txt").read_text() == "one: What it shows.\n"


def test_a_folder_is_replaced_whole(awkward: Report, tmp_path: Path) -> None:
    old = tmp_path / "awkward.figures"
    old.mkdir()
    (old / "two.pdf").write_text("of a figure that is no more")
    write(replace(awkward, draw=draw), "figures", tmp_path)
    assert not (old / "two.pdf").exists()
    assert [path.name for path in tmp_path.glob(".*")] == []
