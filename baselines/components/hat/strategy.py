"""Hard attention to the task as an Avalanche strategy."""

from __future__ import annotations

from collections.abc import Mapping

from avalanche.training.supervised import Naive
from torch import Tensor

from baselines.components.hat.network import HATNetwork


class HATStrategy(Naive):
    """Fine-tuning of a `HATNetwork` under `HATPlugin`."""

    model: HATNetwork

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from: weights, gates, heads, BatchNorms."""
        return self.model.inference_tensors()

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """Learned task of each input x (n, ...) by SupSup's one-shot gradient, (n,), int64."""
        return self.model.infer_task_in_one_shot(x)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the weights that each learned task uses, bool, (tasks, *weight shape)."""
        return self.model.masks()
