"""`python -m harness.paper_tables`: the paper's tables from results alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.paper_tables import main


def test_the_tables_are_written_in_every_format(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--results", str(results), "--reports", str(tmp_path), "--format", "pdf,md,csv,tex"]
    assert main(argv) == 0
    paths = [tmp_path / f"paper.{ending}" for ending in ("pdf", "md", "csv", "tex")]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in paths]
    first, second = paths[1].read_text().split("## ")[1:3]
    assert first.startswith("Table 1. Sequential tasks with labels: task identity given at test")
    assert second.startswith("Table 1. Sequential tasks with labels: no task identity at test")
    [naive] = [line for line in first.splitlines() if line.startswith("| NAIVE")]
    assert "(n=3)" in naive
    assert "*" not in naive  # the paper prints nothing for it
    assert "not measured" in paths[1].read_text()
    assert "python -m harness.compare --benchmark permuted" in paths[1].read_text().replace(
        "\\", ""
    )
    assert paths[0].read_bytes().startswith(b"%PDF")
    assert set(pd.read_csv(paths[2])["profile"]) == {"default"}


def test_a_selection_is_judged_by_its_runs_alone_and_says_so(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--results", str(results), "--reports", str(tmp_path), "--format", "pdf,md,csv"]
    assert main([*argv, "--methods", "RMN", "--seeds", "2"]) == 0
    paths = [tmp_path / f"paper-selection.{ending}" for ending in ("pdf", "md", "csv")]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in paths]
    page = paths[1].read_text()
    assert page.splitlines()[0].endswith("profile default (only methods rmn; seeds 0 to 1)")
    assert "count as not measured" in page
    cells = pd.read_csv(paths[2])
    measured = cells[cells["seeds"] > 0]
    assert set(measured["method"]) == {"rmn"}
    assert set(measured["seeds"]) == {2}


def test_a_method_without_runs_is_refused_with_the_nearest(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--results", str(results), "--methods", "niave"])
    assert stop.value.code == 2
    assert "naive" in capsys.readouterr().err


def test_without_runs_it_says_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--results", str(tmp_path)])
    assert stop.value.code == 2
    assert "harness.compare" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--profile", "defalt"), ("--format", "pfd")])
def test_unknown_names_are_refused(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([option, value])
    assert stop.value.code == 2
    assert value in capsys.readouterr().err
