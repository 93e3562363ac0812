"""`python -m harness.pages`: the documentation says what the code and the results say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.pages import main
from harness.storage.provenance import ROOT

RESULTS = str(ROOT / "results")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A copy of the documentation, with the README beside it."""
    shutil.copy(ROOT / "README.md", tmp_path)
    return shutil.copytree(ROOT / "docs", tmp_path / "docs")


def test_every_page_is_up_to_date(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--docs", str(docs), "--results", RESULTS]) == 0
    assert capsys.readouterr().out == "", "run: python -m harness.pages"


def test_a_stale_page_is_renewed_and_named(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = docs / "metrics.md"
    before = page.read_text()
    page.write_text(before.replace("| Lopez-Paz & Ranzato 2017 |", "| somebody |"))
    assert main(["--docs", str(docs), "--results", RESULTS]) == 0
    assert capsys.readouterr().out == f"{page}\n"
    assert page.read_text() == before


def test_what_stands_outside_of_the_marks_is_kept(docs: Path) -> None:
    page = docs / "cluster.md"
    begin, end = "<!-- begin hours -->", "<!-- end hours -->"
    before, _, rest = page.read_text().partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"changed\n{before}{begin}\n\nstale\n\n{end}{after}too\n")
    assert main(["--docs", str(docs), "--results", RESULTS]) == 0
    assert page.read_text().startswith(f"changed\n{before}{begin}")
    assert page.read_text().endswith(f"{end}{after}too\n")
    assert "stale" not in page.read_text()[len(before) : -len(after)]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<!-- begin metric -->\n<!-- end metric -->", "did you mean 'metrics'?"),
        (None, "there is no folder"),
    ],
)
def test_what_cannot_be_made_is_named(
    page: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = tmp_path / "docs"
    if page:
        docs.mkdir()
        (docs / "page.md").write_text(page)
    with pytest.raises(SystemExit):
        main(["--docs", str(docs), "--results", RESULTS])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("there", "said"), [(False, "there is no folder"), (True, "has no runs")])
def test_of_no_results_nothing_is_renewed(
    there: bool, said: str, docs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (docs / "cluster.md").read_text()
    results = tmp_path / "none"
    if there:
        results.mkdir()
    with pytest.raises(SystemExit):
        main(["--docs", str(docs), "--results", str(results)])
    assert said in capsys.readouterr().err
    assert (docs / "cluster.md").read_text() == before
