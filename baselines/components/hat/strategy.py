"""Hard attention to the task as an Avalanche strategy."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from baselines.components.hat.network import HATNetwork
from baselines.components.task_network_training import LabelledTaskNetworkTraining


class HATStrategy(LabelledTaskNetworkTraining):
    """Fine-tuning of a `HATNetwork` under `HATPlugin`."""

    model: HATNetwork

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the weights that each learned task uses, bool, (tasks, *weight shape)."""
        return self.model.masks()
