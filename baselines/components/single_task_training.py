"""Training a network of its own for each task."""

from __future__ import annotations

from avalanche.training.supervised import Naive
from torch import Tensor

from baselines.components.per_task import NetworkPerTask


class SingleTaskTraining(Naive):
    """Fine-tuning of a `NetworkPerTask`: each network only ever sees its own task."""

    model: NetworkPerTask

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)

    def logits_of_task(self, x: Tensor, task: int) -> Tensor:
        """Logits of learned task number `task`'s network, (n, outputs)."""
        logits: Tensor = self.model.networks[task](x)
        return logits

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits of learned task number `task`'s network."""
        return self.model.fingerprint(task)
