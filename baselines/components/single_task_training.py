"""Training a network of its own for each task."""

from __future__ import annotations

from avalanche.training.supervised import Naive
from torch import Tensor

from baselines.components.part_per_task import NetworkPerTask


class SingleTaskTraining(Naive):
    """Fine-tuning of a `NetworkPerTask`: each network only ever sees its own task."""

    model: NetworkPerTask

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)
