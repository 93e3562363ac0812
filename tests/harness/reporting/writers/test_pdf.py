"""PDFs: the template itself checks what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure as Drawing

from harness.reporting.model import Figure, Report
from harness.reporting.writers.pdf import write_pdf

TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#assert.eq(data.word, "± & \\"quoted\\"")
#assert.eq(data.figures.map(item => item.caption), ("first", "second"))
#assert.eq(data.figures.map(item => item.narrow), (true, false))
#assert.eq(data.figures.map(item => item.section), ("task-il", "class-il"))
#for item in data.figures { image(item.path) }
"""


def draw(folder: Path, endings: Sequence[str]) -> Sequence[Figure]:
    """Two figures, one in a folder of its own."""
    (folder / "deep").mkdir()
    figures = [
        Figure(folder / "one.pdf", "first", "task-il", narrow=True),
        Figure(folder / "deep" / "two.pdf", "second", "class-il"),
    ]
    assert list(endings) == ["pdf"]
    for figure in figures:
        Drawing().savefig(figure.path, metadata={"CreationDate": None})
    return figures


@pytest.fixture
def report(awkward: Report) -> Report:
    awkward.template.write_text(TEMPLATE)
    return replace(awkward, content={"word": '± & "quoted"'}, draw=draw)


def test_the_template_is_given_the_content_and_the_figures(report: Report, tmp_path: Path) -> None:
    write_pdf(report, tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(Exception, match="assertion failed"):
        write_pdf(replace(report, content={"word": "other"}), tmp_path / "b.pdf")


def test_equal_reports_give_equal_bytes(report: Report, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.pdf" for name in "ab"]
    for path in paths:
        write_pdf(report, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert report.template.read_text() == TEMPLATE


def test_a_report_without_figures_has_an_empty_list_of_them(report: Report, tmp_path: Path) -> None:
    report.template.write_text("#assert.eq(json(bytes(sys.inputs.data)).figures, ())")
    write_pdf(replace(report, draw=lambda folder, endings: ()), tmp_path / "a.pdf")
