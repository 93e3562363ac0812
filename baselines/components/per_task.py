"""Networks of which some layers, or all, have a copy for each task label."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import torch
from avalanche.models import MultiTaskModule
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.tasks.features import last_layer, last_layer_inputs
from rmn.tasks.fingerprint import fingerprint


class PerTask(nn.Module, ABC):
    """A layer with a copy for each task.

    Args:
        first: copy of the first task.

    Attributes:
        copies: by the order in which the tasks came.
        chosen: number of the copy that answers all inputs, or of that for each of them, (n,).
    """

    def __init__(self, first: nn.Module) -> None:
        super().__init__()
        self.copies = nn.ModuleList([first])
        self.chosen: int | Tensor = 0

    @abstractmethod
    def fresh(self) -> nn.Module:
        """A copy for a new task."""

    def forward(self, x: Tensor) -> Tensor:
        """Output (n, ...) for inputs x (n, ...); each is answered by the copy chosen for it."""
        if isinstance(self.chosen, int):
            return self.answer(x, self.chosen)
        answers = {
            number: self.answer(x[self.chosen == number], number)
            for number in torch.unique(self.chosen).tolist()
        }
        first = next(iter(answers.values()))
        output = first.new_empty(len(x), *first.shape[1:])
        for number, answer in answers.items():
            output[self.chosen == number] = answer
        return output

    def answer(self, x: Tensor, number: int) -> Tensor:
        """Output (n, ...) of one copy.

        Args:
            x: inputs, (n, ...).
            number: of the copy.
        """
        answer: Tensor = self.copies[number](x)
        return answer


class BatchNormPerTask(PerTask):
    """A BatchNorm for each task; its statistics are of that task's examples in the batch."""

    def fresh(self) -> nn.Module:
        """A BatchNorm that has seen nothing."""
        norm = copy.deepcopy(self.copies[0])
        assert isinstance(norm, _BatchNorm)
        norm.reset_parameters()
        return norm

    def answer(self, x: Tensor, number: int) -> Tensor:
        """Normalised inputs; one example has no statistics, and takes the running ones.

        Args:
            x: inputs, (n, channels, ...).
            number: of the copy.
        """
        norm = self.copies[number]
        assert isinstance(norm, _BatchNorm)
        if norm.training and x.shape[0] == 1:
            mean, variance = norm.running_mean, norm.running_var
            return F.batch_norm(x, mean, variance, norm.weight, norm.bias, False, 0, norm.eps)
        return super().answer(x, number)


class HeadPerTask(PerTask):
    """An output layer for each task."""

    def fresh(self) -> nn.Module:
        """A newly drawn layer."""
        head = copy.deepcopy(self.copies[0])
        assert isinstance(head, nn.Linear)
        head.reset_parameters()
        return head


class CopiedNetwork(PerTask):
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


class PerTaskNetwork(MultiTaskModule):
    """A network whose `PerTask` layers answer each input by the copy of its task label.

    A label that was never trained is answered by the latest copies.

    Args:
        body: x -> logits (n, outputs).
    """

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.labels: list[int] = []

    def adaptation(self, experience: Any) -> None:
        """Add copies for a new task label; the first ones are there from the start."""
        if not self.training:
            return
        for label in experience.task_labels:
            if label not in self.labels:
                if self.labels:
                    for layer in self._layers():
                        layer.copies.append(layer.fresh())
                self.labels.append(label)

    def forward(self, x: Tensor, task_labels: Tensor | int | None) -> Any:
        """Logits (n, outputs) of inputs x (n, ...) under a label for all, or for each, (n,).

        Under None they are of all labels, by label, which is how Avalanche's LwF asks.
        """
        if task_labels is None:
            return {label: self.forward_single_task(x, label) for label in self.labels}
        if isinstance(task_labels, int):
            return self.forward_single_task(x, task_labels)
        found, place = torch.unique(task_labels, return_inverse=True)
        numbers = [self._number(label) for label in found.tolist()]
        if len(numbers) == 1:
            return self._answer(x, numbers[0])
        return self._answer(x, torch.tensor(numbers, device=place.device)[place])

    def forward_single_task(self, x: Tensor, task_label: int) -> Tensor:
        """Logits (n, outputs) under one task label."""
        return self._answer(x, self._number(task_label))

    def _answer(self, x: Tensor, chosen: int | Tensor) -> Tensor:
        for layer in self._layers():
            layer.chosen = chosen
        logits: Tensor = self.body(x)
        return logits

    def _number(self, label: int) -> int:
        return self.labels.index(label) if label in self.labels else max(len(self.labels) - 1, 0)

    def _layers(self) -> Iterator[PerTask]:
        return (layer for layer in self.modules() if isinstance(layer, PerTask))


class NetworkPerTask(PerTaskNetwork):
    """A whole network for each task.

    Args:
        network: makes a fresh network, x -> logits (n, outputs).
    """

    body: CopiedNetwork

    def __init__(self, network: Callable[[], nn.Module]) -> None:
        super().__init__(CopiedNetwork(network))

    @property
    def networks(self) -> nn.ModuleList:
        """The networks, by the order in which their tasks came."""
        return self.body.copies

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return torch.stack([network(x) for network in self.networks])

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits of learned task number `task`'s network."""
        return fingerprint(self.networks[task].state_dict().values())

    def features_per_task(self, x: Tensor) -> Tensor:
        """What each network's last layer is given, (tasks, n, d)."""
        found = []
        for network in self.networks:
            with last_layer_inputs(network) as features:
                network(x)
            found += features
        return torch.stack(found)


def with_batch_norm_per_task(network: nn.Module) -> nn.Module:
    """The network with each BatchNorm replaced by one for each task; changed in place."""
    for name, layer in network.named_children():
        if isinstance(layer, _BatchNorm):
            setattr(network, name, BatchNormPerTask(layer))
        else:
            with_batch_norm_per_task(layer)
    return network


def with_head_per_task(network: nn.Module) -> nn.Module:
    """The network with its last layer replaced by one for each task; changed in place.

    Raises:
        ValueError: its last layer is no Linear.
    """
    head = last_layer(network)
    if not isinstance(head, nn.Linear):
        raise ValueError(f"a head is a Linear layer, not {head}")
    for module in network.modules():
        for name, child in module.named_children():
            if child is head:
                setattr(module, name, HeadPerTask(head))
                return network
    return HeadPerTask(head)
