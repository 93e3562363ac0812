"""Curves for Weights & Biases, by its own client.

Offline, as which it is unless the environment says WANDB_MODE=online: the runs are under
<folder>/wandb, and `wandb sync` sends them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from harness.config.run import Run
from harness.tracking.logger import parameters, register_logger, run_name

_PROJECT: Final = "rmn-harness"


@register_logger("wandb", library="wandb")
class WandBLogger:
    """A run of W&B for each run; it has the run's id, so that one that goes on is the same.

    Args:
        run: which.
        folder: of all loggers.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        import wandb

        mode: Any = os.environ.get("WANDB_MODE", "offline")
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            group=f"{run.benchmark} {run.profile}",
            name=run_name(run),
            id=run.id,
            resume="allow",
            config=parameters(run),
            dir=str(folder),
            mode=mode,
            reinit="create_new",
            settings=wandb.Settings(console="off", silent=True, disable_git=True),
        )

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Send some values, or write them down to be sent.

        Args:
            values: by name.
            step: epochs so far.
        """
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """End the run."""
        self._run.finish()
