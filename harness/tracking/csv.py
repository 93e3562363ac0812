"""Curves as comma-separated values: <folder>/csv/<run id>.csv, one value a line."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from harness.config.run import Run
from harness.tracking.logger import register_logger

_COLUMNS = ("step", "name", "value")


@register_logger("csv")
class CSVRunLogger:
    """Writes each value as soon as it is there; a run that goes on goes on in its file.

    Args:
        run: which.
        folder: of all loggers.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        path = folder / "csv" / f"{run.id}.csv"
        path.parent.mkdir(exist_ok=True)
        begins = not path.exists()
        self._file = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        if begins:
            self._writer.writerow(_COLUMNS)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Write some values.

        Args:
            values: by name.
            step: epochs so far.
        """
        self._writer.writerows((step, name, value) for name, value in values.items())
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
