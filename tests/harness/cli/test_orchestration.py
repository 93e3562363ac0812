"""What every command that makes runs does around them, with an executor that trains nothing."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from harness.cli.orchestration import exit_status, make_missing, states, unfinished
from harness.config.run import Run
from harness.execution.executor import ExecutionConfig, FatalError, ProgressListener
from harness.execution.make_run import record_failure
from harness.execution.scheduling import Schedule
from harness.storage import checkpoints, store


class RecordingExecutor:
    """Notes which runs it was to make."""

    made: Sequence[Run] = ()

    def __init__(self, config: ExecutionConfig) -> None:
        self.config = config

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        self.made = list(schedule)
        for run in self.made:
            listener.started(0, run, None)
            listener.ended(0, run, "", 1.0, None)


@pytest.fixture
def executor(config: ExecutionConfig) -> RecordingExecutor:
    return RecordingExecutor(config)


@pytest.fixture
def runs(run: Run, config: ExecutionConfig) -> list[Run]:
    """A failed run, a diverged one, a damaged one and two that were never made."""
    failed, diverged, damaged, *new = (replace(run, seed=seed) for seed in range(5))
    record_failure(failed, config, "ValueError", {})
    record_failure(diverged, config, "DivergedError", {}, "diverged")
    record_failure(damaged, config, "ValueError", {})
    [record] = config.results.glob(f"*/*/*/{damaged.id}/run.json")
    record.write_text("{")
    return [failed, diverged, damaged, *new]


def leave_checkpoint(run: Run, config: ExecutionConfig, done: int) -> None:
    folder = checkpoints.folder(config.results, run)
    checkpoints.write(folder, run, done, 5, Path.touch)


def test_runs_on_disk_are_left_alone_unless_failed_ones_are_to_run_again(
    runs: list[Run], config: ExecutionConfig
) -> None:
    survey = store.survey(config.results, runs[0].benchmark, runs[0].profile)
    new = ["to run", "to run"]
    assert states(runs, survey, retry_failed=False) == ["failed", "diverged", "damaged", *new]
    assert states(runs, survey, retry_failed=True) == ["to run", "to run", "damaged", *new]


@pytest.mark.parametrize(("retry_failed", "chosen"), [(False, [3, 4]), (True, [0, 1, 3, 4])])
def test_the_executor_makes_what_is_missing(
    runs: list[Run],
    config: ExecutionConfig,
    executor: RecordingExecutor,
    retry_failed: bool,
    chosen: list[int],
) -> None:
    out = StringIO()
    make_missing(runs, config, executor, Console(file=out), retry_failed)
    assert [run.seed for run in executor.made] == chosen
    heading, *lines = out.getvalue().splitlines()
    assert heading == f"{len(chosen)} runs to make."
    assert [line.split(" finished")[0] for line in lines] == [
        f"{number}/{len(chosen)} ewc seed {seed}" for number, seed in enumerate(chosen, start=1)
    ]


def test_unfinished_runs_are_those_with_a_checkpoint(
    runs: list[Run], config: ExecutionConfig
) -> None:
    leave_checkpoint(runs[3], config, done=2)
    [(run_id, checkpoint)] = unfinished(runs, config).items()
    assert (run_id, checkpoint.done, checkpoint.tasks) == (runs[3].id, 2, 5)


def test_what_other_code_has_begun_is_not_gone_on_with(
    runs: list[Run],
    config: ExecutionConfig,
    executor: RecordingExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave_checkpoint(runs[3], config, done=2)
    log = Console(file=StringIO())
    make_missing(runs[3:], config, executor, log, retry_failed=False)
    assert list(executor.made) == runs[3:]
    executor.made = ()
    monkeypatch.setattr(checkpoints, "code_digest", lambda: "changed")
    with pytest.raises(FatalError, match=r"^ewc seed 3 has 2 of 5 tasks done by other code .*del"):
        make_missing(runs[3:], config, executor, log, retry_failed=False)
    make_missing(runs[4:], config, executor, log, retry_failed=False)
    assert list(executor.made) == runs[4:]


def test_nothing_is_shown_or_started_where_nothing_is_missing(
    runs: list[Run], config: ExecutionConfig, executor: RecordingExecutor
) -> None:
    out = StringIO()
    make_missing(runs[:3], config, executor, Console(file=out), retry_failed=False)
    assert (executor.made, out.getvalue()) == ((), "")


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
        "Interrupted. What is done is kept; the same command goes on from there.",
    ]
    with pytest.raises(ZeroDivisionError):  # a mistake of ours is shown as it is
        exit_status(crashing, log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_a_command_as_ctrl_c_does(number: signal.Signals) -> None:
    def ended() -> int:
        signal.raise_signal(number)
        raise AssertionError("it goes on")

    before = signal.getsignal(number)
    out = StringIO()
    assert exit_status(ended, Console(file=out, width=20)) == 128 + number
    assert out.getvalue().startswith("Interrupted. What is done is kept;")
    assert signal.getsignal(number) == before


def test_a_second_signal_does_not_disturb_the_end() -> None:
    def ended() -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleared.append(True)
        return 0

    cleared: list[bool] = []
    assert exit_status(ended, Console(file=StringIO())) == 143
    assert cleared == [True]


def test_a_hang_up_that_the_user_has_ignored_stays_ignored() -> None:
    def survives() -> int:
        signal.raise_signal(signal.SIGHUP)
        return 0

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert exit_status(survives, Console(file=StringIO())) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def in_the_way(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize("place", [".lock/x", "split_mnist", "split_mnist/smoke/ewc"])
def test_what_is_in_the_way_of_results_is_named_before_training(
    runs: list[Run],
    config: ExecutionConfig,
    executor: RecordingExecutor,
    tmp_path: Path,
    place: str,
) -> None:
    elsewhere = replace(config, results=tmp_path / "elsewhere")
    in_the_way(elsewhere.results / place)
    blocked = place.removesuffix("/x")
    log = Console(file=StringIO())
    with pytest.raises(FatalError, match=f"^results cannot be stored: .*{blocked}.*--results$"):
        make_missing(runs, elsewhere, executor, log, retry_failed=False)
    assert executor.made == ()


def test_a_full_disk_is_named_before_training(
    runs: list[Run],
    config: ExecutionConfig,
    executor: RecordingExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = shutil.disk_usage(config.results)._replace(free=24 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    log = Console(file=StringIO())
    with pytest.raises(FatalError, match="only 24 KiB are free on its disk"):
        make_missing(runs, config, executor, log, retry_failed=False)
    assert executor.made == ()
