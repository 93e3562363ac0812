"""What a comparison says of what it did: made, reused, failed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from harness.cli.comparison import ComparisonRequest, read_comparison
from harness.cli.comparison_display import account, problems, show_tables
from harness.cli.orchestration import Attempt
from harness.config.run import Run
from harness.storage import store
from harness.storage.record import MethodDeclaration, Record, Status
from harness.storage.store import Results

WORDS = ["--benchmark", "split_mnist", "--methods", "ewc,si", "--seeds", "2"]
WORDS += ["--scenario", "task-il"]
ORIGIN = {"command": "python -m harness.compare --benchmark split_mnist"}


@pytest.fixture
def request_(tmp_path: Path) -> ComparisonRequest:
    folders = ["--results", str(tmp_path / "results"), "--reports", str(tmp_path / "reports")]
    return read_comparison([*WORDS, *folders], ORIGIN)


def record(
    run: Run, status: Status = "finished", day: str = "2026-11-26", machine: str = "EPYC"
) -> Record:
    made = {"device_name": machine, "started": f"{day}T10:00:00+00:00", "seconds": 4.0}
    error = "" if status == "finished" else "Traceback\nValueError: no"
    return Record(run, MethodDeclaration(run.baseline), made, status, error)


def stored(runs: Sequence[Run], status: Status = "finished") -> Results:
    return Results([record(run, status) for run in runs])


def test_where_all_runs_were_there_it_says_how_to_train_them(request_: ComparisonRequest) -> None:
    others = [record(replace(request_.runs[0], seed=9))]
    results = Results([*stored(request_.runs).records, *others])  # of no interest here
    said, command = account(request_, Attempt([], 0.0), results).splitlines()
    assert said == (
        f"4 of 4 runs were in {request_.config.results}/ (EPYC, 2026-11-26); nothing was trained. "
        "To train them yourself:"
    )
    typed = shlex.join(["python", "-m", "harness.compare", *WORDS])
    assert command == f"  {typed} --results again/results --reports again/reports"


def test_several_days_and_machines_are_counted(request_: ComparisonRequest) -> None:
    made = zip(("2026-11-24", "2026-11-26", "2026-11-25"), ("H100", "EPYC", "EPYC"), strict=True)
    records = [
        record(run, day=day, machine=machine)
        for run, (day, machine) in zip(request_.runs, made, strict=False)
    ]
    said = account(request_, Attempt([], 0.0), Results(records))
    assert "(2 kinds of machines, 2026-11-24 to 2026-11-26)" in said


def test_committed_results_are_called_so(
    request_: ComparisonRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def is_committed(file: Path) -> bool:
        asked.append(file)
        return True

    monkeypatch.setattr("harness.storage.provenance.is_committed", is_committed)
    said = account(request_, Attempt([], 0.0), stored(request_.runs))
    assert "(committed, EPYC, 2026-11-26)" in said
    assert asked == [request_.config.results / "split_mnist" / "default.parquet"]


def test_what_was_made_and_what_was_there_are_told_apart(request_: ComparisonRequest) -> None:
    first, second, third, fourth = request_.runs
    results = stored([first, second, third])
    results.records += stored([fourth], "failed").records
    attempt = Attempt([second, third, fourth], 100.4)
    assert account(request_, attempt, results) == (
        f"2 made in 1:40, 1 failed, 1 reused from {request_.config.results}/"
    )
    assert account(request_, Attempt([first], 5.0), stored([first])).startswith(
        "1 made in 0:05, 0 "
    )


def test_nothing_is_said_where_nothing_has_finished(request_: ComparisonRequest) -> None:
    assert account(request_, Attempt([], 0.0), Results()) == ""


def test_a_failed_run_is_named_with_the_command_that_shows_its_traceback(
    request_: ComparisonRequest,
) -> None:
    run = request_.runs[0]
    lines = problems(request_, stored([run], "failed"))
    where = f"--results {request_.config.results}"
    assert lines[0] == f"{run} failed; python -m harness.results show {run.id} {where} says why"
    assert "--retry-failed" in lines[1]
    assert len([line for line in lines if "has no result" in line]) == 3


def test_tables_show_what_is_asked_for(results: Path) -> None:
    """Of the made-up results, of two methods, three seeds and two scenarios."""

    def shown(*words: str) -> str:
        folders = ["--results", str(results), "--reports", "nowhere", "--plan"]
        request = read_comparison(["--benchmark", "split_mnist", *words, *folders], ORIGIN)
        out = StringIO()
        found = store.read(results, "split_mnist", "default")
        show_tables(found, request, Console(file=out, width=80))
        assert max(map(len, out.getvalue().splitlines())) <= 80
        return out.getvalue()

    whole = shown()
    assert all(words in whole for words in ("RMN", "NAIVE", "task-il", "class-il", "n = 3 seeds"))
    assert "BWT" not in whole
    assert "NAIVE" not in shown("--methods", "RMN")
    assert "n = 2 seeds" in shown("--seeds", "2")
    assert "profile default, class-il" not in shown("--scenario", "task-il")
    assert shown("--settings", "training.epochs") == (
        "No finished run is to be shown: only settings training.epochs.\n"
    )
    assert "BWT" in shown("--columns", "bwt")
