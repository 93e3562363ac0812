"""A method may have any printable title: it is literal text wherever it is shown."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from harness import compare, report, results
from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import leaderboard
from harness.analysis.selection import select
from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.terminal import leaderboard_tables
from harness.reporting.writer import write
from harness.storage import store

TITLE: Final = r"Bad [/red] & \input{x} | y # $ ~ ^ _ % { $z$ *b* `c` <i> [l](u) **"

SETTINGS: Final = "x[/x]=[/green]"

PLAIN: Final = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textbar{}": "|",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    **{rf"\{character}": character for character in "&%$#_{}"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, save_run: Callable[..., Path]) -> Path:
    """Results of two methods, one of which has the title and settings of the same kind."""
    root = tmp_path_factory.mktemp("results")
    for seed in range(2):
        save_run(root, "naive", seed, 0.6)
        run = save_run(root, "rmn", seed, 0.9)
        content = json.loads((run / "run.json").read_text())
        content["method"] |= {"title": TITLE, "reference": TITLE, "requirements": [TITLE]}
        content["run"]["overrides"] = {"x[/x]": "[/green]"}
        (run / "run.json").write_text(json.dumps(content))
    return root


def test_in_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    [compared] = comparisons(select(store.read(folder, "split_mnist", "default")))
    [table] = leaderboard_tables(leaderboard(compared), width=250)
    Console(file=out, width=250).print(table)
    assert f"{TITLE} (x[/x]=[/green])" in out.getvalue()
    [run_id, *_] = [path.name for path in sorted(folder.glob("*/*/rmn/*"))]
    assert results.main(["show", run_id, "--results", str(folder)]) == 0
    assert f"rmn: {TITLE}" in capsys.readouterr().out
    assert results.main(["list", "--results", str(folder)]) == 0
    assert "x[/x]=[/green]" in capsys.readouterr().out


def test_in_a_plan(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--benchmark", "split_mnist", "--methods", "rmn", "--seeds", "1", "--plan"]
    assert compare.main([*words, "--results", str(folder / "[red]none[/bold]")]) == 0
    assert "2 of 2 runs to make" in capsys.readouterr().out


def test_in_markdown(folder: Path, tmp_path: Path) -> None:
    made = write(benchmark_report(folder, "split_mnist", "default"), "md", tmp_path)
    line = next(line for line in made.read_text().splitlines() if "Bad" in line)
    title, settings = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:3])
    for cell, literal in ((title, TITLE), (settings, SETTINGS)):
        assert not re.search(r"(?<!\\)([`*<>~$#&]|\]\()", cell)
        assert re.sub(r"\\([^\w\s]|_)", r"\1", cell) == literal


def test_in_latex(folder: Path, tmp_path: Path) -> None:
    made = write(benchmark_report(folder, "split_mnist", "default"), "tex", tmp_path)
    line = next(line for line in made.read_text().splitlines() if "Bad" in line)
    cells, _, _ = line.partition(" & 2 & ")
    token = re.compile("|".join(re.escape(one) for one in sorted(PLAIN, key=len, reverse=True)))
    for cell, literal in zip(re.split(r"(?<!\\) & ", cells), (TITLE, SETTINGS), strict=True):
        assert not set(r"\&%$#_{}~^|<>") & set("".join(token.split(cell)))
        assert token.sub(lambda found: PLAIN[found[0]], cell) == literal


def test_in_a_pdf(folder: Path, tmp_path: Path) -> None:
    words = ["--benchmark", "split_mnist", "--results", str(folder), "--reports", str(tmp_path)]
    assert report.main(words) == 0
    made = tmp_path / "split_mnist.pdf"
    assert made.stat().st_size > 30_000
    if shutil.which("pdftotext"):
        command = ["pdftotext", str(made), "-"]
        text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        assert re.sub(r"\s", "", TITLE) in re.sub(r"\s", "", text)
