"""The parent's end of a real worker process that is never given anything to train."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig
from harness.execution.make_run import RunEnded
from harness.execution.worker import ENDING_SIGNALS
from harness.execution.worker_process import WorkerProcess
from harness.experiment.progress import RunProgress
from harness.storage.provenance import ROOT


@pytest.fixture
def worker(config: ExecutionConfig) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(config, 0)
    yield worker
    worker.stop()
    assert multiprocessing.active_children() == []


def pid_of_the_worker() -> int:
    """The process id of the only child."""
    [child] = multiprocessing.active_children()
    return child.pid or 0


def test_a_worker_is_idle_until_it_is_given_a_run(worker: WorkerProcess, run: Run) -> None:
    assert worker.in_progress is None
    assert pid_of_the_worker() > 0
    worker.start(run)
    progress = worker.in_progress
    assert progress is not None
    assert (progress.run, progress.fraction) == (run, 0.0)
    assert 0 <= progress.seconds <= worker.seconds
    assert worker.started.endswith("+00:00")


def test_a_killed_worker_gives_no_message_but_the_signal(worker: WorkerProcess, run: Run) -> None:
    worker.start(run)
    os.kill(pid_of_the_worker(), signal.SIGKILL)
    assert worker.receive() is None
    report = worker.crash_report()
    assert report.startswith("the worker process died (signal 9, perhaps for want of memory: ")
    assert "--jobs" in report


def test_the_last_words_of_a_worker_are_in_its_crash_report(
    worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(worker._log.name).write_text("x" * 3000 + " last words")
    monkeypatch.setattr(worker, "_process", SimpleNamespace(exitcode=3, join=lambda: None))
    words, ending = worker.crash_report().splitlines()
    assert words.endswith("x last words")
    assert len(words) == 2000
    assert ending == "the worker process died (exit status 3)"


def test_a_dead_worker_may_be_given_a_run_and_says_so_later(
    worker: WorkerProcess, run: Run
) -> None:
    os.kill(pid_of_the_worker(), signal.SIGKILL)
    while multiprocessing.active_children():
        time.sleep(0.01)
    worker.start(run)
    assert worker.receive() is None


def test_a_worker_ends_with_its_parent(config: ExecutionConfig) -> None:
    """A parent that is killed cannot end its workers; they notice, also while they import torch."""
    code = (
        "import multiprocessing, sys, time\n"
        "from harness.execution.executor import ExecutionConfig\n"
        "from harness.execution.worker_process import WorkerProcess\n"
        "if __name__ == '__main__':\n"
        "    config = ExecutionConfig(results=sys.argv[1], data=None, device='cpu', origin={})\n"
        "    worker = WorkerProcess(config, 0)\n"
        "    time.sleep(3)\n"  # it has begun to work
        "    print(multiprocessing.active_children()[0].pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    argv = [sys.executable, "-c", code, str(config.results)]
    parent = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent:
        pid = int(parent.stdout.readline())
        assert (Path("/proc") / str(pid)).exists()
        parent.kill()
    latest = time.monotonic() + 5
    while (Path("/proc") / str(pid)).exists():
        assert time.monotonic() < latest, "the worker goes on"
        time.sleep(0.05)


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_to_the_whole_group_is_for_the_parent(
    worker: WorkerProcess, number: signal.Signals
) -> None:
    pid = pid_of_the_worker()
    os.kill(pid, number)
    assert not worker.connection.poll(0.5)  # it would be readable if the worker had died
    assert pid_of_the_worker() == pid


def test_a_signal_while_a_worker_starts_waits_for_the_parent(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = SpawnProcess.start
    came: list[int] = []

    def signalled(process: SpawnProcess) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        start(process)
        assert not came

    monkeypatch.setattr(SpawnProcess, "start", signalled)
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        made = WorkerProcess(config, 0)
        made.stop()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert came == [signal.SIGTERM]


def test_the_fraction_is_that_of_the_last_report(
    worker: WorkerProcess, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: Iterator[object] = iter([RunProgress(1, 4, "task 1/2"), RunEnded("", 1.0)])

    class Replies:
        def recv(self) -> object:
            return next(messages)

        def send(self, run: Run) -> None: ...

        def close(self) -> None: ...

    monkeypatch.setattr(worker, "connection", Replies())
    worker.start(run)
    assert worker.receive() == RunProgress(1, 4, "task 1/2")
    progress = worker.in_progress
    assert progress is not None
    assert progress.fraction == 0.25
    assert worker.receive() == RunEnded("", 1.0)
    worker.start(run)
    assert worker.in_progress is not None
    assert worker.in_progress.fraction == 0.0


def test_a_keyboard_interrupt_is_still_ours_after_a_worker_was_started(
    worker: WorkerProcess,
) -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
