"""Whether a process still runs, told by real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.storage.liveness import ProcessIdentity, has_ended, this_process

IDENTITY = "import json, sys, dataclasses as d; from harness.storage.liveness import this_process; "
IDENTITY += "print(json.dumps(d.asdict(this_process())), flush=True); sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """A process that says what it is and ends with its input."""
    command = [sys.executable, "-c", IDENTITY]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


def identity(child: subprocess.Popen[str]) -> ProcessIdentity:
    assert child.stdout is not None
    return ProcessIdentity(**json.loads(child.stdout.readline()))


def test_this_process_runs() -> None:
    assert has_ended(this_process()) is False
    assert this_process().pid == os.getpid()
    assert str(this_process()) == f"process {os.getpid()} on {os.uname().nodename}"


def test_another_process_runs_until_it_is_killed(child: subprocess.Popen[str]) -> None:
    process = identity(child)
    assert process.pid == child.pid
    assert has_ended(process) is False
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays in the table, as a zombie
    assert has_ended(process) is True
    child.wait()
    assert has_ended(process) is True


def test_another_process_may_have_the_same_id_later() -> None:
    assert has_ended(replace(this_process(), started="1")) is True


def test_nothing_is_known_of_another_host() -> None:
    assert has_ended(replace(this_process(), host="elsewhere")) is None
