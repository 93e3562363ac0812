"""The loop of a worker, run here in a thread: what it sends, and when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from harness.config.run import Run
from harness.execution import worker
from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.make_run import RunEnded
from harness.execution.worker import Fatal, work
from harness.experiment.progress import RunProgress
from harness.storage.provenance import ROOT

PROGRESS = RunProgress(1, 2, "task 1/5, testing")
DONE = RunEnded("", 2.0)


@dataclass
class Parent:
    """The parent's end of a worker that trains nothing."""

    connection: Connection
    made: list[tuple[Run, Mapping[str, object]]] = field(default_factory=list)

    def make_run(
        self,
        run: Run,
        config: ExecutionConfig,
        machine: Mapping[str, object],
        report: Callable[[RunProgress], None],
    ) -> RunEnded:
        self.made.append((run, machine))
        report(PROGRESS)
        if run.baseline == "no_such_method":
            raise FatalError("no data")
        return DONE

    def receive(self, messages: int) -> list[Any]:
        return [self.connection.recv() for _ in range(messages)]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    environment = dict(os.environ)
    monkeypatch.setattr(os, "environ", environment)
    return environment


@pytest.fixture
def parent(
    config: ExecutionConfig, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Parent]:
    """Of worker number 3, which does nothing to the process that it runs in."""
    ours, theirs = Pipe()
    parent = Parent(ours)
    monkeypatch.setattr(worker, "make_run", parent.make_run)
    monkeypatch.setattr(worker, "prepare", lambda config, number: {"number": number})
    monkeypatch.setattr(worker, "_redirect_output", lambda log: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    thread = Thread(target=work, args=(theirs, config, 3, ""))
    thread.start()
    yield parent
    ours.close()
    thread.join(10)
    assert not thread.is_alive()  # a worker ends when its parent is gone


def test_runs_are_made_one_after_the_other(parent: Parent, runs: list[Run]) -> None:
    for run in runs[:2]:
        parent.connection.send(run)
    assert parent.receive(4) == [PROGRESS, DONE] * 2
    assert parent.made == [(run, {"number": 3}) for run in runs[:2]]


def test_what_every_run_lacks_ends_the_worker(parent: Parent, run: Run, unknown: Run) -> None:
    parent.connection.send(unknown)
    parent.connection.send(run)
    assert parent.receive(2) == [PROGRESS, Fatal("no data")]
    assert [made for made, _ in parent.made] == [unknown]


def test_libraries_are_told_the_number_of_threads(
    parent: Parent, run: Run, environment: dict[str, str]
) -> None:
    parent.connection.send(run)
    parent.receive(2)
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    assert [environment[name] for name in names] == ["2", "2", "2"]


def test_a_run_whose_parent_is_gone_is_no_failed_run() -> None:
    ours, theirs = Pipe()
    ours.close()
    with pytest.raises(SystemExit):  # no Exception, which would be recorded
        worker._reporter(theirs)(PROGRESS)


def test_whatever_is_printed_goes_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    code = (
        "import os, sys\n"
        "from harness.execution.worker import _redirect_output\n"
        "_redirect_output(sys.argv[1])\n"
        "os.write(1, b'out\\n')\n"
        "print('error', file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, str(log)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert (ended.stdout, ended.stderr) == (b"", b"")
    assert log.read_text() == "before\nout\nerror\n"


def test_a_worker_can_be_imported_for_free() -> None:
    code = (
        "import sys\n"
        "import harness.execution.worker_process\n"
        "sys.exit(str({'torch', 'avalanche', 'pandas', 'numpy'} & sys.modules.keys() or ''))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert ended.stderr.decode().strip() == ""
