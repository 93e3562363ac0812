"""Training of a `MaskNetwork` as an Avalanche strategy."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from baselines.components.masks.network import MaskNetwork
from baselines.components.task_network_training import LabelledTaskNetworkTraining


class MaskTraining(LabelledTaskNetworkTraining):
    """Fine-tuning of a `MaskNetwork` under a `MaskPlugin`."""

    model: MaskNetwork

    def logits_of_task(self, x: Tensor, task: int) -> Tensor:
        """Logits under one learned task, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task: index of the learned task.
        """
        return self.model.forward_task(x, task)

    def fingerprint(self, task: int) -> bytes:
        """Digest of all tensors that determine the logits under learned task number `task`."""
        return self.model.fingerprint(task)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the weights that each learned task uses: bool, (tasks, *weight shape)."""
        return self.model.masks()


class SupSupTraining(MaskTraining):
    """`MaskTraining` that also infers tasks by SupSup's binary rule."""

    def infer_task_by_halving(self, x: Tensor) -> Tensor:
        """Learned task of each input x (n, ...) by SupSup's binary rule, (n,), int64."""
        return self.model.infer_task_by_halving(x)
