"""Whether the process that left something on a shared disk still runs."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_AGE: Final = 19
"""Place of the start time among the fields of /proc/<pid>/stat that follow the program's name."""


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process among those of all machines.

    Attributes:
        node: the machine's name, for people.
        host: the space in which the process id is one: machine, boot and, in a container, its own.
        pid: process id.
        started: clock ticks from the boot to its start, since ids are used again; "" if unknown.
    """

    node: str
    host: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.node}"


def this_process() -> ProcessIdentity:
    """The calling process."""
    pid = os.getpid()
    _, started = _stat(pid)
    return ProcessIdentity(platform.node(), _host(), pid, started)


def has_ended(process: ProcessIdentity) -> bool | None:
    """Whether a process has ended; None if it is, or was, one of another host."""
    if process.host != _host():
        return None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is another user's
        pass
    state, started = _stat(process.pid)
    return state in ("Z", "X") or started != process.started


def _host() -> str:
    parts = [platform.node()]
    with suppress(OSError):
        parts.append((_PROC / "sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(str((_PROC / "self/ns/pid").readlink()))
    return " ".join(parts)


def _stat(pid: int) -> tuple[str, str]:
    """State, such as "R" or "Z", and start of a process; empty where there is no /proc."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[_AGE]
