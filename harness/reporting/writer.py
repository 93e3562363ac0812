"""Writers of reports, one for each format; found by registration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from baselines.registration import Registry
from harness.reporting.model import Report
from harness.storage.replacing import replacing

Writer = Callable[[Report, Path], None]
"""Writes a report to a file, or to a folder that it makes."""

_WRITERS: Final = Registry[Writer](
    "report formats", lambda writer: writer.__module__, "harness.reporting.writers"
)


def register_writer(ending: str) -> Callable[[Writer], Writer]:
    """Decorator that makes a format known by the ending of its file or folder, such as "pdf".

    Raises:
        ValueError: the ending is taken.
    """

    def registered(writer: Writer) -> Writer:
        _WRITERS.add(ending, writer)
        return writer

    return registered


def writers() -> dict[str, Writer]:
    """Every writer by the ending of its files, in alphabetical order.

    Those of `harness.reporting.writers` are found by being there, others are plugins.
    """
    return dict(sorted(_WRITERS.known().items()))


def write(report: Report, ending: str, folder: Path) -> Path:
    """Write a report in one format; the path of the file or folder, replaced when all went well.

    Args:
        report: what to write.
        ending: of `writers`.
        folder: where to; made if it is not there.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.stem}.{ending}"
    with replacing(path) as unfinished:
        writers()[ending](report, unfinished)
    return path
