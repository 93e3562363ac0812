"""Curves for TensorBoard, by PyTorch's own writer: `tensorboard --logdir <folder>/tensorboard`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.config.run import Run
from harness.tracking.logger import parameters, register_logger, run_name


@register_logger("tensorboard", library="tensorboard")
class TensorBoardLogger:
    """A folder of events for each run.

    Args:
        run: which.
        folder: of all loggers.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        path = folder / "tensorboard" / run_name(run).replace(" ", "-") / run.id
        writer: Any = SummaryWriter  # its methods have no types
        self._writer = writer(str(path))
        lines = [f"    {name}: {value}" for name, value in parameters(run).items()]
        self._writer.add_text("parameters", "\n".join(lines))

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Write some values.

        Args:
            values: by name.
            step: epochs so far.
        """
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        """Close the file of events."""
        self._writer.close()
