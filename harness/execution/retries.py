"""How often a run whose worker was lost is tried again."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

from harness.config.run import Run
from harness.storage import checkpoints

_MOST: Final = 3
"""A run that loses so many workers without getting further is at fault itself."""


class Retries:
    """Counts the losses of each run; one that got further in between begins anew.

    Args:
        results: folder of all results, where the checkpoints show how far the runs are.
    """

    def __init__(self, results: Path) -> None:
        self._results = results
        self._losses: dict[str, int] = defaultdict(int)
        self._done: dict[str, int] = {}

    def allow(self, run: Run) -> bool:
        """Whether a run that has just lost its worker is to be tried again."""
        checkpoint = checkpoints.read(checkpoints.folder(self._results, run))
        done = checkpoint.done if checkpoint else 0
        if done > self._done.get(run.id, 0):
            self._losses[run.id] = 0
        self._done[run.id] = done
        self._losses[run.id] += 1
        return self._losses[run.id] <= _MOST
