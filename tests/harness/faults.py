"""Faults done to real commands, and what came of them (`docs/reliability.md`): `make faults`.

A plan of real runs is killed at random moments until it is done, again and again; two commands make
the same plan at once; its disk fills up; every loss becomes infinite. After each fault whatever was
finished before must be there, unchanged, nothing may be damaged and no process may be left; and a
plan that is done in the end must have the rows of one that nobody disturbed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import default_methods
from harness.storage import schema, store
from harness.storage.provenance import ROOT

BENCHMARK: Final = "split_mnist"
PROFILE: Final = "smoke"
PLAN: Final = ("--methods", "naive,ewc,replay,rmn", "--seeds", "3", "--set", "training.epochs=8")
SIGNALS: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SHORTEST: Final = 4.0
_LONGEST: Final = 16.0
"""Seconds from the start of a command, which imports torch first, to its end by a signal."""
_PATIENCE: Final = 1.0
"""Seconds in which the workers of a dead command must have ended."""
_DISK: Final = 2**25
"""Bytes of the disk that fills up."""


class FaultError(Exception):
    """Something was lost or changed, or a command ended as it must not."""


def command(results: Path, *words: str) -> list[str]:
    """`harness.compare` on a results folder, with more arguments."""
    common = ["--benchmark", BENCHMARK, "--profile", PROFILE, "--no-report"]
    return [sys.executable, "-m", "harness.compare", *common, "--results", str(results), *words]


@contextmanager
def started(words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, which is killed at the end of the block."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status and the messages of a command.

    Raises:
        FaultError: it has left a traceback.
    """
    _, messages = process.communicate()
    if "Traceback" in messages:
        raise FaultError(messages)
    return process.returncode, messages


def run(words: Sequence[str]) -> tuple[int, str]:
    """The exit status and the messages of a command that nobody disturbs."""
    with started(words) as process:
        return ended(process)


def finished(results: Path) -> dict[str, pd.DataFrame]:
    """The rows of each finished run by its id.

    Raises:
        FaultError: something is damaged.
    """
    found = store.read(results, BENCHMARK, PROFILE)
    if found.damaged:
        raise FaultError(f"damaged: {found.damaged}")
    done = [record.run.id for record in found.records if record.status == "finished"]
    rows = {run_id: found.rows[found.rows["run_id"] == run_id] for run_id in done}
    return {run_id: measured(table) for run_id, table in rows.items()}


def measured(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows less the times that were measured, which are others every time."""
    return rows[~rows["metric"].str.endswith("_seconds")].reset_index(drop=True)


def check_kept(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> None:
    """Whether all runs that were finished before are there, with the same rows.

    Args:
        before: rows of finished runs by id.
        after: the same, later.

    Raises:
        FaultError: they are not.
    """
    for run_id, rows in before.items():
        if run_id not in after or not schema.equal(rows, after[run_id]):
            raise FaultError(f"run {run_id} is lost or changed")


def processes_of(group: int) -> list[int]:
    """The processes of a group that still run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(int(status.parent.name))
    return found


def kill_at_random(
    results: Path, undisturbed: dict[str, pd.DataFrame], kills: int, dice: random.Random
) -> Counter[str]:
    """Give the plan's command and end it, until it has been ended so many times.

    Args:
        results: folder for the results; whenever the plan is done, it begins anew.
        undisturbed: rows of the plan.
        kills: number of signals.
        dice: chooses the signal, whether the whole group gets it, and the moment.
    """
    tried: Counter[str] = Counter()
    kept: dict[str, pd.DataFrame] = {}
    while tried.total() < kills:
        with started(command(results, *PLAN)) as process:
            try:
                process.wait(dice.uniform(_SHORTEST, _LONGEST))
            except subprocess.TimeoutExpired:
                number = dice.choice(SIGNALS)
                (os.killpg if dice.random() < 0.5 else os.kill)(process.pid, number)
                status, _ = ended(process)
                if status not in (0, 128 + number, -number):  # 0: it was done just before
                    raise FaultError(f"{number.name} ended the command with {status}") from None
                time.sleep(_PATIENCE)
                if left := processes_of(process.pid):
                    raise FaultError(f"{number.name} left processes {left}") from None
                tried[number.name] += status != 0
            else:
                if process.returncode:
                    raise FaultError(ended(process)[1])
        found = finished(results)
        check_kept(kept, found)
        check_kept(found, undisturbed)
        kept = found
        if process.returncode == 0:
            _check_done(found, undisturbed, results)
            shutil.rmtree(results)
            kept = {}
    status, messages = run(command(results, *PLAN))
    if status:
        raise FaultError(messages)
    _check_done(finished(results), undisturbed, results)
    return tried


def _check_done(
    found: dict[str, pd.DataFrame], undisturbed: dict[str, pd.DataFrame], results: Path
) -> None:
    if len(found) != len(undisturbed):
        raise FaultError(f"{len(undisturbed) - len(found)} runs are missing")
    check_kept(undisturbed, found)
    if left := [str(path) for path in results.rglob(".*") if path.name != ".lock"]:
        raise FaultError(f"left behind: {left}")


def two_at_once(results: Path, undisturbed: dict[str, pd.DataFrame]) -> int:
    """Give the plan's command twice at the same time; how many runs were made.

    Args:
        results: folder for the results.
        undisturbed: rows of the plan.
    """
    words = command(results, *PLAN, "--jobs", "1")
    with started(words) as one, started(words) as other:
        both = [ended(one), ended(other)]
    made = sum(messages.count(" finished in ") for _, messages in both)
    if [status for status, _ in both] != [0, 0] or made != len(undisturbed):
        raise FaultError(f"{made} runs made: {both}")
    _check_done(finished(results), undisturbed, results)
    return made


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk in memory for the time of the block.

    Args:
        folder: where it is mounted.
        size: bytes.

    Raises:
        PermissionError: this machine does not allow it.
    """
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        raise PermissionError("mounting needs the rights of root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def disk_too_small(folder: Path) -> None:
    """A disk of 24 KiB is refused before any training."""
    with small_disk(folder, 24 * 1024) as results:
        status, messages = run(command(results, *PLAN))
        if status != 2 or "KiB are free" not in messages or finished(results):
            raise FaultError(messages)


def disk_fills_up(folder: Path, undisturbed: dict[str, pd.DataFrame]) -> int:
    """The disk is full from the second run on; with room again, all is made that was not.

    Args:
        folder: where the disk is mounted.
        undisturbed: rows of the plan.

    Returns:
        Number of runs that could not be stored.
    """
    with small_disk(folder, _DISK) as disk:
        results = disk / "results"
        with started(command(results, *PLAN, "--jobs", "1")) as process:
            assert process.stderr is not None
            heading, first = process.stderr.readline(), process.stderr.readline()
            _fill(disk / "filler")
            status, messages = ended(process)
        kept = finished(results)
        if status != 1 or len(kept) == len(undisturbed):
            raise FaultError(f"{status}: {heading}{first}{messages}")
        (disk / "filler").unlink()
        status, messages = run(command(results, *PLAN, "--retry-failed"))
        if status:
            raise FaultError(messages)
        found = finished(results)
        check_kept(kept, found)
        _check_done(found, undisturbed, results)
        return len(undisturbed) - len(kept)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def diverge(results: Path) -> int:
    """A learning rate of 1e30 for every method; the number of runs that ended as diverged.

    A method whose numbers stay finite, as HAT's do, may finish; none may fail.
    """
    names = default_methods(BENCHMARKS[BENCHMARK], methods())
    rate = ["--set", "training.learning_rate=1e30", "--seeds", "1", "--methods", ",".join(names)]
    status, messages = run(command(results, *rate))
    found = store.read(results, BENCHMARK, PROFILE)
    states = Counter(record.status for record in found.records)
    if status != 1 or states.keys() - {"diverged", "finished"} or states.total() < len(names):
        raise FaultError(f"{status}, {states}: {messages}")
    return states["diverged"]


def main(argv: Sequence[str]) -> None:
    """Print a line for each kind of fault.

    Raises:
        FaultError: one was not survived.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50, help="signals (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    args = parser.parse_args(argv)
    # Where this itself runs in the background these are ignored, and would be by its commands.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        status, messages = run(command(folder / "undisturbed", *PLAN))
        if status:
            raise FaultError(messages)
        undisturbed = finished(folder / "undisturbed")
        _say("| fault | tried | lost or changed |\n| --- | ---: | ---: |")
        tried = kill_at_random(folder / "killed", undisturbed, args.kills, random.Random(args.seed))
        for number, count in sorted(tried.items()):
            _count(f"{number} at a random moment of a plan of {len(undisturbed)} runs", count)
        made = two_at_once(folder / "two", undisturbed)
        _count("two commands at once: runs, each made by one of them", made)
        try:
            disk_too_small(folder / "small")
            _count("a disk of 24 KiB, refused before training", 1)
            lost = disk_fills_up(folder / "full", undisturbed)
            _count("a disk that fills up: runs not stored, which is said, and made later", lost)
        except PermissionError as error:
            _count(f"a full disk, not tried: {error}", 0)
        _count("a learning rate of 1e30: methods, stored as diverged", diverge(folder / "diverged"))


def _count(fault: str, tried: int) -> None:
    """Print a fault that was survived; what is lost raises an error instead."""
    _say(f"| {fault} | {tried} | 0 |")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
