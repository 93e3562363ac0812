"""`python -m harness.report`: reports from results alone, without torch, always the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.report import main

FORBIDDEN = ("torch", "torchvision", "avalanche", "rmn")
SLOW = ("scipy.stats", "seaborn")
SPLIT = ["--benchmark", "split_mnist"]

SaveRun = Callable[..., Path]


def written(results: Path, folder: Path, formats: str) -> list[Path]:
    """The files that the command writes."""
    argv = ["--results", str(results), "--reports", str(folder), "--format", formats]
    assert main([*SPLIT, *argv]) == 0
    return [folder / f"split_mnist.{ending}" for ending in formats.split(",")]


def test_the_same_results_give_the_same_bytes(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = []
    for name in ("one", "two"):
        [path] = written(results, tmp_path / name, "pdf")
        assert capsys.readouterr().out == f"{path}\n"
        pages.append(path.read_bytes())
    assert pages[0] == pages[1]
    assert pages[0].startswith(b"%PDF")
    assert len(pages[0]) > 30_000


def test_nothing_that_trains_or_takes_long_is_imported(results: Path, tmp_path: Path) -> None:
    script = f"""
import sys
class Refuse:
    def find_spec(self, name, *rest):
        if name in {SLOW!r} or name.partition(".")[0] in {FORBIDDEN!r}:
            raise ImportError("a report imported " + name)
sys.meta_path.insert(0, Refuse())
from harness.report import main
sys.exit(main(sys.argv[1:]))
"""
    argv = [*SPLIT, "--results", str(results), "--reports", str(tmp_path)]
    command = [sys.executable, "-c", script, *argv, "--format", "pdf,md,csv,tex,html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} == {".pdf", ".md", ".csv", ".tex", ".html"}


def test_a_reader_that_has_left_is_no_error(results: Path, tmp_path: Path) -> None:
    """As of `| head -0`, which closes the pipe before anything is written."""
    argv = [*SPLIT, "--results", str(results), "--reports", str(tmp_path), "--format", "csv"]
    command = [sys.executable, "-m", "harness.report", *argv]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "split_mnist.csv").is_file()


def test_without_a_benchmark_each_is_reported_and_summed_up(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--html", "--results", str(results), "--reports", str(tmp_path)]) == 0
    names = ["index.html", "split_mnist.html"]
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_scenarios_are_named_and_the_paper_is_quoted(results: Path, tmp_path: Path) -> None:
    md, tex = (path.read_text() for path in written(results, tmp_path, "md,tex"))
    for text in (md, tex):
        assert text.index("task-il") < text.index("class-il")
    assert "99.5 ± 0.2" in md
    assert "99.5 $\\pm$ 0.2" in tex


def test_a_damaged_folder_is_named_and_the_rest_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], save_run: SaveRun
) -> None:
    root = tmp_path / "results"
    kept, broken = (save_run(root, "naive", seed, 0.6) for seed in (0, 1))
    (broken / "rows.parquet").write_bytes(b"not a table")
    [md, _] = written(root, tmp_path, "md,pdf")
    assert str(broken) in capsys.readouterr().err
    assert (broken / "rows.parquet").read_bytes() == b"not a table"
    assert kept.exists()
    assert "| NAIVE | 1 |" in md.read_text()


def test_a_folder_that_cannot_be_written_to_is_named(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SystemExit) as stop:
        main([*SPLIT, "--results", str(results), "--reports", str(file), "--format", "md"])
    assert stop.value.code == 2
    assert "--reports" in capsys.readouterr().err
    assert file.read_text() == ""


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--benchmark", "split_mnst"], "split_mnist"),
        ([*SPLIT, "--format", "pfd"], "pdf"),
        ([*SPLIT, "--profile", "defalt"], "default"),
        ([*SPLIT, "--results", "nowhere"], "harness.compare"),
        (["--html", "--results", "nowhere"], "harness.compare"),
    ],
)
def test_wrong_arguments_say_what_to_type(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_a_report_of_some_runs_is_a_file_of_its_own(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [*SPLIT, "--results", str(results), "--reports", str(tmp_path), "--format", "md"]
    assert main([*argv, "--methods", "RMN", "--seeds", "2", "--scenario", "task-il"]) == 0
    [page] = tmp_path.iterdir()
    assert page.name == "split_mnist-selection.md"
    text = page.read_text()
    assert "only methods rmn; scenarios task-il; seeds 0 to 1" in text
    assert "NAIVE" not in text
    assert "class-il" not in text
    for words, message in (
        (["--methods", "rmm"], "did you mean 'rmn'?"),
        (["--settings", "beta"], f"There are: default. They are in {results}."),
        (["--scenario", "task"], "did you mean 'task-il'?"),
    ):
        with pytest.raises(SystemExit) as refused:
            main([*argv, *words])
        assert refused.value.code == 2
        assert message in capsys.readouterr().err
