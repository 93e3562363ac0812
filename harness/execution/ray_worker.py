"""What runs on the nodes of a Ray cluster: actors that make runs, and one that passes news on.

Nothing heavy is imported at the top, neither Ray nor torch.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.make_run import RunEnded, make_run
from harness.execution.preparation import prepare
from harness.execution.worker import Fatal
from harness.experiment.progress import RunProgress
from harness.storage import checkpoints
from harness.storage.record import Record
from harness.storage.scratch import scratch_folder, sweep

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_SCRATCH: Final = "rmn-worker-"
"""Begins the names of folders, among a node's temporary ones, in which workers keep their runs."""


@dataclass(frozen=True, slots=True)
class News:
    """Progress of a run, on its way to the driver.

    Attributes:
        worker: number of the worker.
        run_id: of its run.
        progress: how far that is.
    """

    worker: int
    run_id: str
    progress: RunProgress


@dataclass(frozen=True, slots=True)
class MadeRun:
    """A run that has ended, to be stored by the driver.

    Attributes:
        ended: how.
        record: its record.
        rows: its measurements; None if it failed.
        masks: its packed masks by name.
    """

    ended: RunEnded
    record: Record
    rows: pd.DataFrame | None
    masks: Mapping[str, np.ndarray[Any, Any]]


class Mailbox:
    """An actor beside the driver that keeps the news until the driver takes it."""

    def __init__(self) -> None:
        self._news: list[News] = []

    def put(self, news: News) -> None:
        """Keep news."""
        self._news.append(news)

    def take(self) -> list[News]:
        """All that has come since the last call, in order."""
        news, self._news = self._news, []
        return news


class RayWorker:
    """An actor: one process on some node, which makes run after run.

    Args:
        config: how to make them; folders are absolute.
        number: of this worker, from 0.
        mailbox: handle of the `Mailbox`.
    """

    def __init__(self, config: ExecutionConfig, number: int, mailbox: Any) -> None:
        self._config = config
        self._number = number
        self._mailbox = mailbox
        self._shared = False
        self._machine: Mapping[str, Any] = {}

    def prepare(self, code: str, probe: Path) -> Fatal | None:
        """Import everything and sweep up after killed workers; why no run can be made, if so.

        Args:
            code: digest of the driver's code and libraries (`harness.storage.checkpoints`).
            probe: something in the results folder; who sees it shares the folder with the driver.
        """
        if checkpoints.code_digest() != code:
            return Fatal(
                f"{platform.node()} has other code, or other versions of the libraries, than this "
                "machine, and might give other numbers; install the same on every node"
            )
        self._shared = probe.exists()
        sweep(Path(tempfile.gettempdir()), _SCRATCH)
        try:
            self._machine = prepare(self._config, 0)  # Ray lets it see its own GPU only
        except FatalError as error:
            return Fatal(f"on {platform.node()}: {error}")
        return None

    def make(self, run: Run) -> MadeRun | Fatal:
        """Make a run; its checkpoints are in the results folder where that is shared."""
        from harness.storage import run_folder

        def report(progress: RunProgress) -> None:
            self._mailbox.put.remote(News(self._number, run.id, progress))

        checkpoint = checkpoints.folder(self._config.results, run) if self._shared else None
        with scratch_folder(Path(tempfile.gettempdir()), _SCRATCH) as own:
            config = replace(self._config, results=own)
            try:
                ended = make_run(run, config, self._machine, report, checkpoint)
            except FatalError as error:
                return Fatal(f"on {platform.node()}: {error}")
            path = own / run.folder
            record, rows = run_folder.read(path)
            masks = run_folder.read_masks(path)
        return MadeRun(ended, record, rows if record.status == "finished" else None, masks)
