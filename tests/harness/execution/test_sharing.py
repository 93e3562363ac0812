"""Commands on one results folder, as real processes that really train."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.storage import store
from harness.storage.provenance import ROOT

SEEDS = 4


@contextmanager
def commands(results: Path, *more: list[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """The same command several times at the same time, each with more arguments."""
    words = [sys.executable, "-m", "harness.compare", "--benchmark", "split_mnist", "--no-report"]
    words += ["--profile", "smoke", "--methods", "naive", "--seeds", str(SEEDS), "--jobs", "1"]
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
    return [line for line in log.splitlines() if " finished in " in line]


def finished(results: Path) -> list[int]:
    found = store.read(results, "split_mnist", "smoke")
    assert found.damaged == {}
    return sorted(record.run.seed for record in found.records if record.status == "finished")


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


def test_what_a_killed_command_leaves_is_made_by_the_other(tmp_path: Path) -> None:
    longer = ["--set", "training.epochs=150"]
    with commands(tmp_path, longer, longer) as (victim, other):
        assert victim.stderr is not None
        heading, first = victim.stderr.readline(), victim.stderr.readline()
        assert heading == f"{SEEDS} runs to make.\n"
        assert re.search(rf"being made now: .*process {victim.pid} on ", plan(tmp_path, longer))
        victim.kill()  # while it makes its next run
        _, log = other.communicate()
    assert other.returncode == 0, log
    assert finished(tmp_path) == list(range(SEEDS))
    assert len(made(log)) >= SEEDS - len(made(first)) - log.count("made by another command")
    assert hidden(tmp_path) == {".lock"}
