"""Where, when and with what a run was made; kept beside its results, never part of its identity."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]

_PACKAGES: Final = {
    "torch": "torch",
    "avalanche": "avalanche-lib",
    "numpy": "numpy",
    "pandas": "pandas",
}


def origin(arguments: Sequence[str], program: str = "harness.compare") -> dict[str, Any]:
    """What all runs of one command share: the command and the commit.

    Args:
        arguments: as typed after the program's name.
        program: the module that was run.
    """
    words = shlex.join(_without_folders(argument) for argument in arguments)
    # Results and reports are written while runs go on; they do not change what a run computes.
    changes = _git("status", "--porcelain", "--", ".", ":!results", ":!reports")
    return {
        "command": f"python -m {program} {words}".strip(),
        "commit": _git("rev-parse", "HEAD"),
        "dirty": bool(changes),
    }


def is_committed(file: Path) -> bool:
    """Whether a file is in the project's repository as it is on disk."""
    path = str(file.absolute())
    return bool(_git("ls-files", "--", path)) and not _git("status", "--porcelain", "--", path)


def machine(device: str, device_name: str, threads: int) -> dict[str, Any]:
    """What runs on one device of one machine share; no name of the machine or its user.

    Args:
        device: "cpu" or "cuda".
        device_name: the accelerator's model, "" for none.
        threads: of each run.
    """
    return {
        "device": device,
        "device_name": device_name or _cpu(),
        "cpu": _cpu(),
        "threads": threads,
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()}
        | {name: _version(package) for name, package in _PACKAGES.items()},
    }


def now() -> str:
    """The time, UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def summary(provenances: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """What runs were made with: title (once for all its values), value, number of runs.

    Args:
        provenances: of the runs (`origin` and `machine`).
    """
    rows = []
    for key in ("device_name", "platform", "threads", "versions", "commit", "command"):
        values = Counter(_shown(key, provenance) for provenance in provenances)
        title = key.replace("_", " ").capitalize()
        for value, runs in sorted(values.items()):
            rows.append((title, value, str(runs)))
            title = ""
    return rows


def without_paths(text: str) -> str:
    """A traceback whose paths start at the project or the interpreter, not at a user's home."""
    prefixes = {str(ROOT), sys.prefix, sys.base_prefix, str(Path.home())}
    for prefix in sorted(prefixes - {os.sep}, key=len, reverse=True):
        text = text.replace(prefix + os.sep, "")
    return text


def _without_folders(argument: str) -> str:
    name, equals, value = argument.rpartition("=")
    return name + equals + (PurePath(value).name if PurePath(value).is_absolute() else value)


def _shown(key: str, provenance: Mapping[str, Any]) -> str:
    value = provenance.get(key)
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    if key == "commit" and provenance.get("dirty"):
        return f"{value} with uncommitted changes"
    return str(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def _git(*arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
