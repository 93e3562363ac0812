"""Claims of several commands on the same runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from harness.config.run import Run
from harness.storage import claims
from harness.storage.claims import EXPIRY, Claim, Claims, owners, path_of, read
from harness.storage.liveness import this_process

if TYPE_CHECKING:
    from _typeshed import TraceFunction

LONG_AGO = EXPIRY + 5


def leave_claim(results: Path, run: Run, host: str, age: float = 0.0) -> Path:
    """A claim of a process of another host, not touched for some seconds."""
    path = path_of(results, run)
    path.parent.mkdir(parents=True, exist_ok=True)
    (results / ".lock").touch()
    process = replace(this_process(), node="node7", host=host, pid=12)
    path.write_text(json.dumps(asdict(Claim("another", process))))
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_run_is_claimed_by_one_command(tmp_path: Path, run: Run) -> None:
    with Claims(tmp_path, "one") as ours, Claims(tmp_path, "two") as theirs:
        assert ours.acquire(run)
        assert not theirs.acquire(run)
        assert ours.holder(run) == ""
        assert theirs.holder(run) == str(this_process())
        assert theirs.acquire(replace(run, seed=1))
        theirs.release(run)  # it is not theirs
        assert not theirs.acquire(run)
        ours.release(run)
        assert theirs.holder(run) == ""
        assert theirs.acquire(run)
        assert not ours.acquire(run)


def test_nothing_is_left_behind(tmp_path: Path, run: Run) -> None:
    def interrupted() -> None:
        with Claims(tmp_path, "one") as ours:
            assert ours.acquire(run)
            assert path_of(tmp_path, run).exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_an_interruption_at_any_line_leaves_nothing_behind(tmp_path: Path, run: Run) -> None:
    def claim_and_give_up(line: int) -> int:
        """How many lines there were, if none was the one that is interrupted."""
        passed = 0

        def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
            nonlocal passed
            if frame.f_code.co_filename != claims.__file__:
                return None
            passed += event == "line"
            if event == "line" and passed == line:
                raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        with Claims(tmp_path, "one") as ours:
            sys.settrace(trace)
            try:
                assert ours.acquire(run)
                ours.release(run)
            finally:
                sys.settrace(before)
        return passed

    lines = claim_and_give_up(0)
    assert lines > 20
    for line in range(1, lines + 1):
        with pytest.raises(KeyboardInterrupt):
            claim_and_give_up(line)
        assert [path.name for path in tmp_path.iterdir()] == [".lock"], f"line {line} of {lines}"


def test_folders_with_something_in_them_are_left(tmp_path: Path, run: Run) -> None:
    with Claims(tmp_path, "one") as ours:
        assert ours.acquire(run)
        kept = path_of(tmp_path, run).with_name("run")
        kept.mkdir()
    assert list(kept.parent.iterdir()) == [kept]


def test_a_claim_is_passed_on_within_a_command(tmp_path: Path, run: Run) -> None:
    with Claims(tmp_path, "one") as command:
        assert command.acquire(run)
        with Claims(tmp_path, "one") as job:
            assert job.acquire(run)
        assert read(path_of(tmp_path, run)) is None  # the job gave it up
        assert command.acquire(run)


def test_a_claim_ends_with_its_process(tmp_path: Path, run: Run) -> None:
    code = (
        "import sys, pathlib; from harness.config.run import Run\n"
        "from harness.storage.claims import Claims\n"
        f"claims = Claims(pathlib.Path({str(tmp_path)!r}), 'another')\n"
        f"claims.acquire({run!r})\n"
        "print('claimed', flush=True)\n"
        "sys.stdin.read()"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other,
        Claims(tmp_path, "one") as ours,
    ):
        assert other.stdout is not None
        assert other.stdout.readline() == "claimed\n"
        assert not ours.acquire(run)
        assert ours.holder(run).startswith(f"process {other.pid} on ")
        other.kill()
        other.wait()
        assert ours.holder(run) == ""
        assert ours.acquire(run)


def test_a_claim_of_another_host_ends_when_it_is_no_longer_touched(
    tmp_path: Path, run: Run
) -> None:
    path = leave_claim(tmp_path, run, "elsewhere")
    with Claims(tmp_path, "one") as ours:
        assert ours.holder(run) == "process 12 on node7"
        assert not ours.acquire(run)
        os.utime(path, (time.time() - LONG_AGO,) * 2)
        assert ours.holder(run) == ""
        assert ours.acquire(run)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"owner": "x"}', '{"owner": 1, "process": {}}'])
def test_a_claim_that_is_not_whole_counts_until_it_is_old(
    tmp_path: Path, run: Run, text: str
) -> None:
    path = leave_claim(tmp_path, run, "elsewhere")
    path.write_text(text)
    with Claims(tmp_path, "one") as ours:
        assert ours.holder(run) == "another process"
        assert not ours.acquire(run)
        os.utime(path, (time.time() - LONG_AGO,) * 2)
        assert ours.acquire(run)


def test_owners_are_those_whose_claims_hold(tmp_path: Path, run: Run) -> None:
    assert owners(tmp_path) == set()
    with Claims(tmp_path, "one") as ours:
        assert ours.acquire(run)
        path = leave_claim(tmp_path, replace(run, seed=1), "elsewhere")
        leave_claim(tmp_path, replace(run, seed=2), "elsewhere", LONG_AGO)
        assert owners(tmp_path) == {"one", "another"}
        path.write_text("")
        assert owners(tmp_path) == {"one", ""}
    os.utime(path, (time.time() - LONG_AGO,) * 2)
    assert owners(tmp_path) == set()


def test_claims_are_kept_alive_and_those_of_others_are_not(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_HEARTBEAT", 0.01)
    other = replace(run, seed=1)
    with Claims(tmp_path, "one") as ours:
        assert ours.acquire(run)
        assert ours.acquire(other)
        mine, theirs = path_of(tmp_path, run), leave_claim(tmp_path, other, "elsewhere", LONG_AGO)
        old = theirs.stat().st_mtime
        os.utime(mine, (old, old))
        while mine.stat().st_mtime == old:
            time.sleep(0.01)
        assert theirs.stat().st_mtime == old
    assert theirs.exists()


@pytest.mark.parametrize("abandoned", [False, True])
def test_of_many_commands_one_gets_each_run(tmp_path: Path, run: Run, abandoned: bool) -> None:
    runs = [replace(run, seed=seed) for seed in range(20)]
    if abandoned:
        for one in runs:
            leave_claim(tmp_path, one, "elsewhere", LONG_AGO)
    commands = [Claims(tmp_path, str(number)) for number in range(8)]
    with ThreadPoolExecutor(len(commands)) as pool:
        got = list(pool.map(lambda command: list(map(command.acquire, runs)), commands))
    assert [sum(of_run) for of_run in zip(*got, strict=True)] == [1] * len(runs)
