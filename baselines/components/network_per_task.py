"""A network of its own for each task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from avalanche.models import MultiTaskModule
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from rmn.features import last_layer_inputs


class NetworkPerTask(MultiTaskModule):
    """Grows by one fresh network at each new task label.

    A label that was never trained is answered by the latest network.

    Args:
        network: makes a fresh network, x -> logits (n, outputs).
    """

    def __init__(self, network: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.network = network
        self.networks = nn.ModuleList([network()])
        self.labels: list[int] = []

    def adaptation(self, experience: Any) -> None:
        """Add a network for a new task label; the first one is there from the start."""
        if not self.training:
            return
        for label in experience.task_labels:
            if label not in self.labels:
                if self.labels:
                    self.networks.append(self.network())
                self.labels.append(label)

    def forward(self, x: Tensor, task_labels: Tensor | int) -> Tensor:
        """Logits (n, outputs); each input is answered by its task's network."""
        if isinstance(task_labels, int):
            return self.forward_single_task(x, task_labels)
        found = torch.unique(task_labels).tolist()
        if len(found) == 1:
            return self.forward_single_task(x, found[0])
        parts = {label: self.forward_single_task(x[task_labels == label], label) for label in found}
        output = x.new_empty(len(x), next(iter(parts.values())).shape[1])
        for label, part in parts.items():
            output[task_labels == label] = part
        return output

    def forward_single_task(self, x: Tensor, task_label: int) -> Tensor:
        """Logits (n, outputs) of one task's network."""
        known = task_label in self.labels
        logits: Tensor = self.networks[self.labels.index(task_label) if known else -1](x)
        return logits

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return torch.stack([network(x) for network in self.networks])

    def features_per_task(self, x: Tensor) -> Tensor:
        """What each network's last layer is given, (tasks, n, d)."""
        found = []
        for network in self.networks:
            with last_layer_inputs(network) as features:
                network(x)
            found += features
        return torch.stack(found)


class SingleTaskTraining(Naive):
    """Fine-tuning of a `NetworkPerTask`: each network only ever sees its own task."""

    model: NetworkPerTask

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)
