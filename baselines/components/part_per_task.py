"""Networks that grow by one part at each new task label: a whole network, or an output layer."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from avalanche.models import MultiTaskModule
from torch import Tensor, nn

from rmn.tasks.features import last_layer, last_layer_inputs
from rmn.tasks.fingerprint import fingerprint


class PartPerTask(MultiTaskModule, ABC):
    """Passes each input through what all tasks share, then through its own task's part.

    A label that was never trained is answered by the latest part.

    Args:
        first: part of the first task.
    """

    def __init__(self, first: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleList([first])
        self.labels: list[int] = []

    @abstractmethod
    def fresh(self) -> nn.Module:
        """A part for a new task."""

    def shared(self, x: Tensor) -> Tensor:
        """What every part is given."""
        return x

    def adaptation(self, experience: Any) -> None:
        """Add a part for a new task label; the first one is there from the start."""
        if not self.training:
            return
        for label in experience.task_labels:
            if label not in self.labels:
                if self.labels:
                    self.parts.append(self.fresh())
                self.labels.append(label)

    def forward(self, x: Tensor, task_labels: Tensor | int) -> Tensor:
        """Logits (n, outputs); each input is answered by its task's part."""
        given = self.shared(x)
        if isinstance(task_labels, int):
            return self._answer(given, task_labels)
        found = torch.unique(task_labels).tolist()
        if len(found) == 1:
            return self._answer(given, found[0])
        chosen = {label: task_labels == label for label in found}
        answers = {label: self._answer(given[mine], label) for label, mine in chosen.items()}
        output = given.new_empty(len(x), next(iter(answers.values())).shape[1])
        for label, mine in chosen.items():
            output[mine] = answers[label]
        return output

    def forward_single_task(self, x: Tensor, task_label: int) -> Tensor:
        """Logits (n, outputs) of one task's part."""
        return self.forward(x, task_label)

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        given = self.shared(x)
        return torch.stack([part(given) for part in self.parts])

    def _answer(self, given: Tensor, label: int) -> Tensor:
        known = label in self.labels
        logits: Tensor = self.parts[self.labels.index(label) if known else -1](given)
        return logits


class NetworkPerTask(PartPerTask):
    """A whole network for each task.

    Args:
        network: makes a fresh network, x -> logits (n, outputs).
    """

    def __init__(self, network: Callable[[], nn.Module]) -> None:
        super().__init__(network())
        self.network = network

    def fresh(self) -> nn.Module:
        """A network for a new task."""
        return self.network()

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits of learned task number `task`'s network."""
        return fingerprint(self.parts[task].state_dict().values())

    def features_per_task(self, x: Tensor) -> Tensor:
        """What each network's last layer is given, (tasks, n, d)."""
        found = []
        for network in self.parts:
            with last_layer_inputs(network) as features:
                network(x)
            found += features
        return torch.stack(found)


class HeadPerTask(PartPerTask):
    """An output layer for each task over a network that all share.

    Args:
        network: its last layer is a Linear without bias, and becomes the first task's head.

    Raises:
        ValueError: the last layer is something else.
    """

    body: nn.Module

    def __init__(self, network: nn.Module) -> None:
        head = last_layer(network)
        if not isinstance(head, nn.Linear) or head.bias is not None:
            raise ValueError(f"a head is a Linear layer without bias, not {head}")
        super().__init__(head)
        self.body = network
        _replace_last(network, nn.Identity())

    def fresh(self) -> nn.Module:
        """A newly drawn head."""
        head = copy.deepcopy(self.parts[0])
        assert isinstance(head, nn.Linear)
        head.reset_parameters()
        return head

    def shared(self, x: Tensor) -> Tensor:
        """The last hidden activations."""
        activations: Tensor = self.body(x)
        return activations


def _replace_last(module: nn.Module, layer: nn.Module) -> None:
    name, child = list(module.named_children())[-1]
    if list(child.children()):
        _replace_last(child, layer)
    else:
        setattr(module, name, layer)
