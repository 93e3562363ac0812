"""What every command that makes runs does around them, with an executor that trains nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from harness.cli.orchestration import exit_status, make_missing, say, states
from harness.config.run import Run
from harness.execution import executor
from harness.execution.executor import ExecutionConfig, FatalError, ProgressListener
from harness.execution.make_run import record_failure


class RecordingExecutor:
    """Notes which runs it was to make."""

    made: Sequence[Run] = ()

    def __init__(self, config: ExecutionConfig) -> None:
        self.config = config

    def run(self, runs: Sequence[Run], listener: ProgressListener) -> None:
        RecordingExecutor.made = runs
        for run in runs:
            listener.started(0, run)
            listener.ended(0, run, "", 1.0, None)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[RecordingExecutor]]:
    monkeypatch.setattr(executor, "_EXECUTORS", dict(executor.executors()))
    executor.register_executor("recording")(RecordingExecutor)
    yield RecordingExecutor
    RecordingExecutor.made = ()


@pytest.fixture
def runs(run: Run, config: ExecutionConfig) -> list[Run]:
    """A failed run, a damaged one and two that were never made."""
    failed, damaged, *new = (replace(run, seed=seed) for seed in range(4))
    record_failure(failed, config, "ValueError", {})
    record_failure(damaged, config, "ValueError", {})
    [record] = config.results.glob(f"*/*/*/{damaged.id}/run.json")
    record.write_text("{")
    return [failed, damaged, *new]


def test_runs_on_disk_are_left_alone_unless_failed_ones_are_to_run_again(
    runs: list[Run], config: ExecutionConfig
) -> None:
    assert states(runs, config, retry_failed=False) == ["failed", "damaged", "to run", "to run"]
    assert states(runs, config, retry_failed=True) == ["to run", "damaged", "to run", "to run"]


@pytest.mark.parametrize(("retry_failed", "chosen"), [(False, [2, 3]), (True, [0, 2, 3])])
def test_the_executor_that_was_named_makes_what_is_missing(
    runs: list[Run],
    config: ExecutionConfig,
    made: type[RecordingExecutor],
    retry_failed: bool,
    chosen: list[int],
) -> None:
    out = StringIO()
    make_missing(runs, config, "recording", Console(file=out), retry_failed)
    assert [run.seed for run in made.made] == chosen
    heading, *lines = out.getvalue().splitlines()
    assert heading == f"{len(chosen)} runs to make."
    assert [line.split(" finished")[0] for line in lines] == [
        f"{number}/{len(chosen)} ewc seed {seed}" for number, seed in enumerate(chosen, start=1)
    ]


def test_nothing_is_shown_or_started_where_nothing_is_missing(
    runs: list[Run], config: ExecutionConfig, made: type[RecordingExecutor]
) -> None:
    out = StringIO()
    make_missing(runs[:2], config, "recording", Console(file=out), retry_failed=False)
    assert (made.made, out.getvalue()) == ((), "")


def test_a_command_ends_with_the_status_of_what_ended_it() -> None:
    def refused() -> int:
        raise FatalError("no such device; use --device cpu")

    def interrupted() -> int:
        raise KeyboardInterrupt

    def crashing() -> int:
        raise ZeroDivisionError

    out = StringIO()
    log = Console(file=out, width=20)
    assert exit_status(lambda: 1, log) == 1
    assert exit_status(refused, log) == 2
    assert exit_status(interrupted, log) == 130
    assert out.getvalue().splitlines() == [
        "error: no such device; use --device cpu",
        "Interrupted. Finished runs are kept; the same command goes on from there.",
    ]
    with pytest.raises(ZeroDivisionError):  # a mistake of ours is shown as it is
        exit_status(crashing, log)


def test_text_is_printed_as_it_is() -> None:
    out = StringIO()
    say(Console(file=out, width=10, force_terminal=True), "ewc[a=1] is [bold]not[/bold] 12 long")
    assert out.getvalue() == "ewc[a=1] is [bold]not[/bold] 12 long\n"
