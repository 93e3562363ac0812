"""Commands on one results folder, as real processes that really train."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console

from harness.cli.progress_display import display
from harness.config.run import Run
from harness.execution.executor import ExecutionConfig, ProgressListener
from harness.execution.make_run import record_failure
from harness.execution.scheduling import Schedule
from harness.execution.sharing import make_shared
from harness.storage import store
from harness.storage.provenance import ROOT

SEEDS = 4


@contextmanager
def commands(results: Path, *more: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """The same command several times at the same time, each with more arguments."""
    words = [sys.executable, "-m", "harness.compare", "--benchmark", "split_mnist", "--no-report"]
    words += ["--profile", "smoke", "--methods", "naive", "--seeds", str(SEEDS), "--jobs", "1"]
    words += ["--scenario", "task-il"]
    words += ["--set", "training.train_examples=64", "--set", "training.test_examples=32"]
    words += ["--results", str(results)]
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([*words, *one], cwd=ROOT, stderr=pipe, stdout=pipe, text=True)
        for one in more
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def plan(results: Path, more: list[str]) -> str:
    with commands(results, [*more, "--plan"]) as (process,):
        return process.communicate()[0]


def made(log: str) -> list[str]:
    """The lines of the runs that the command has made itself."""
    return [
        line for line in log.splitlines() if " finished in " in line or " failed after " in line
    ]


def finished(results: Path) -> list[int]:
    found = store.read(results, "split_mnist", "smoke")
    assert found.damaged == {}
    return sorted(record.run.seed for record in found.records if record.status == "finished")


def started(results: Path) -> list[str]:
    """When each stored run was begun."""
    found = store.read(results, "split_mnist", "smoke")
    return [record.provenance["started"] for record in found.records]


def hidden(results: Path) -> set[str]:
    return {path.name for path in results.rglob(".*")}


def test_commands_make_each_run_once_and_the_part_that_nobody_makes(tmp_path: Path) -> None:
    with commands(tmp_path, ["--part", "1/2"], []) as both:
        logs = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], logs
    assert finished(tmp_path) == list(range(SEEDS))
    assert len(made(logs[0])) + len(made(logs[1])) == SEEDS
    for log, asked in zip(logs, (SEEDS // 2, SEEDS), strict=True):
        assert log.startswith(f"{asked} runs to make.")
        assert len(made(log)) + log.count("finished, made by another command") == asked
    assert hidden(tmp_path) == {".lock"}


def test_a_run_that_fails_again_is_tried_by_one_command(tmp_path: Path) -> None:
    failing = ["--set", "training.learning_rate=1e30"]
    with commands(tmp_path, failing) as (first,):
        _, log = first.communicate()
    assert len(made(log)) == SEEDS
    before = started(tmp_path)
    with commands(tmp_path, *[[*failing, "--retry-failed"]] * 2) as both:
        logs = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [1, 1], logs
    assert len(made(logs[0])) + len(made(logs[1])) == SEEDS
    for log in logs:
        assert len(made(log)) + log.count("diverged, made by another command") == SEEDS
    assert not set(started(tmp_path)) & set(before)
    assert hidden(tmp_path) == {".lock"}


class FailsElsewhere:
    """An executor that makes none; while it has its first run, another command makes the others.

    Args:
        others: what the other command makes; all of it fails.
        config: of that command.
    """

    def __init__(self, others: list[Run], config: ExecutionConfig) -> None:
        self.taken: list[Run] = []
        self._others = others
        self._config = config

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        for run in schedule:
            self.taken.append(run)
            for other in self._others:
                if other != run:
                    record_failure(other, self._config, "again", {"started": "later"})
            listener.ended(0, run, "no", 1.0, None)


def test_only_records_from_before_the_command_are_tried_again(
    config: ExecutionConfig, runs: list[Run]
) -> None:
    for run in runs[1:]:
        record_failure(run, config, "before", {"started": "earlier"})
    survey = store.survey(config.results, runs[0].benchmark, runs[0].profile)
    executor, heard = FailsElsewhere(runs[:2], config), StringIO()
    with display(Console(file=heard), len(runs)) as listener:
        make_shared(runs, survey, config, executor, listener)
    assert [run.seed for run in executor.taken] == [0, 2, 3]
    assert heard.getvalue().count("seed 1 failed, made by another command") == 1


def test_what_a_killed_command_leaves_is_made_by_the_other(tmp_path: Path) -> None:
    longer = ["--set", "training.epochs=150"]
    with commands(tmp_path, longer, longer) as (victim, other):
        assert victim.stderr is not None
        heading, first = victim.stderr.readline(), victim.stderr.readline()
        assert heading == f"{SEEDS} runs to make.\n"
        named = rf"being made now: .*process {victim.pid} on "  # but between two of its runs
        assert any(re.search(named, plan(tmp_path, longer)) for _ in range(5))
        victim.kill()  # while it makes its next run
        _, log = other.communicate()
    assert other.returncode == 0, log
    assert finished(tmp_path) == list(range(SEEDS))
    assert len(made(log)) >= SEEDS - len(made(first)) - log.count("made by another command")
    assert hidden(tmp_path) == {".lock"}
