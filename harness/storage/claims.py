"""Which command makes which run, among all that work on one results folder.

results/<benchmark>/<profile>/<baseline>/.claim-<run id>   JSON: the command and its process

A claim is kept alive by the process that it names. On the same host it expires when that process
ends; on another one when its file has not been touched for `EXPIRY` seconds, by the clock of the
file system. An expired claim is taken over by whoever asks next.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Final, Self

from harness.config.run import Run
from harness.storage.listing import subfolders
from harness.storage.liveness import ProcessIdentity, has_ended, this_process
from harness.storage.lock import LOCK, locked
from harness.storage.run_folder import remove_empty

EXPIRY: Final = 120.0
"""Seconds without a sign of life after which a process of another host counts as dead."""
_HEARTBEAT: Final = EXPIRY / 8
_PREFIX: Final = ".claim-"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a claim says.

    Attributes:
        owner: random name of the command.
        process: keeps the claim alive.
    """

    owner: str
    process: ProcessIdentity


class Claims:
    """The claims of one command; those that it holds are kept alive, and given up at the end.

    A command may hand a claim to another process of its own, by asking for it again there.

    Args:
        results: folder of all results.
        owner: random name of the command, the same in all its processes.
    """

    def __init__(self, results: Path, owner: str) -> None:
        self._results = results
        self._mine = Claim(owner, this_process())
        self._held: dict[str, Path] = {}
        self._ended = Event()
        self._heart = Thread(target=self._beat, name="claims", daemon=True)

    def __enter__(self) -> Self:
        """Begin to keep the claims alive."""
        self._heart.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Give up every claim that is still held."""
        self._ended.set()
        self._heart.join()
        for path in list(self._held.values()):
            self._give_up(path)
        self._held.clear()

    def acquire(self, run: Run) -> bool:
        """Claim a run for this process; False if another command makes it.

        Raises:
            OSError: the results folder cannot be written.
        """
        path = path_of(self._results, run)
        with locked(self._results):
            if self.holder(run):
                return False
            self._held[run.id] = path  # first, so that it is given up whatever happens
            if self._write(path):
                return True
            del self._held[run.id]
            return False

    def release(self, run: Run) -> None:
        """Give up a claim, if it is still the command's."""
        path = self._held.get(run.id)
        if path is not None:
            self._give_up(path)
            del self._held[run.id]  # last: an interruption before it leaves the rest to the end

    def holder(self, run: Run) -> str:
        """The process of another command that makes a run, for people; "" if none does."""
        return holder(self._results, run, self._mine.owner)

    def _write(self, path: Path) -> bool:
        path.unlink(missing_ok=True)
        while True:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:  # "x": where the file system has no locks, only one of two gets it
                with path.open("x") as file:
                    json.dump(asdict(self._mine), file)
            except FileNotFoundError:  # the folder was empty and has been removed in between
                continue
            except FileExistsError:
                return False
            return True

    def _give_up(self, path: Path) -> None:
        with suppress(OSError), locked(self._results):
            found = read(path)
            if found is None or found.owner == self._mine.owner:  # None: interrupted as it wrote
                path.unlink(missing_ok=True)
                for above in path.parents[:3]:
                    remove_empty(above)

    def _beat(self) -> None:
        while not self._ended.wait(_HEARTBEAT):
            for path in list(self._held.values()):
                found = read(path)  # of another process of the command, it may be: it knows more
                if found is not None and found.owner == self._mine.owner:
                    with suppress(OSError):
                        os.utime(path)


def holder(results: Path, run: Run, owner: str = "") -> str:
    """The process that makes a run, for people; "" if none does.

    Args:
        results: folder of all results.
        run: which.
        owner: a command whose claims do not count.
    """
    path = path_of(results, run)
    found = read(path)
    if not path.exists() or (found is not None and found.owner == owner):
        return ""
    if _has_expired(results, path, found):
        return ""
    return str(found.process) if found else "another process"


def owners(results: Path) -> set[str]:
    """Names of the commands whose claims hold; "" if there is one that is not whole.

    Args:
        results: folder of all results.
    """
    methods = subfolders(results, 3)
    found = [(path, read(path)) for method in methods for path in method.glob(f"{_PREFIX}*")]
    return {
        claim.owner if claim else ""
        for path, claim in found
        if not _has_expired(results, path, claim)
    }


def path_of(results: Path, run: Run) -> Path:
    """Where the claim on a run is: beside the run's own folder."""
    return (results / run.folder).with_name(f"{_PREFIX}{run.id}")


def read(path: Path) -> Claim | None:
    """The claim in a file; None if there is none, or it is not whole."""
    try:
        content = json.loads(path.read_text())
        return Claim(content["owner"], ProcessIdentity(**content["process"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _has_expired(results: Path, path: Path, claim: Claim | None) -> bool:
    ended = has_ended(claim.process) if claim else None
    if ended is not None:
        return ended
    try:
        return _now(results) - path.stat().st_mtime > EXPIRY
    except OSError:  # given up meanwhile
        return True


def _now(results: Path) -> float:
    """The time by the clock that dates the files of the results, which may be a server's."""
    lock = results / LOCK
    os.utime(lock)
    return lock.stat().st_mtime
