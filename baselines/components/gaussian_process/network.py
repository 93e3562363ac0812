"""A network with a Gaussian output layer for each task over features that all share."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from baselines.components.gaussian_process.head import GaussianHead
from rmn.tasks.features import last_layer, last_layer_inputs
from rmn.tasks.layers import TaskBatchNorm
from rmn.tasks.network import TaskNetwork
from rmn.tasks.replacement import replace_layers


class GaussianProcessNetwork(TaskNetwork):
    """A network whose last layer is a `GaussianHead`.

    Args:
        network: any module that ends in a Linear layer; changed in place.
        width: outputs of the task that has most.
        norm: one BatchNorm for each task, or one for all.
        rule: rule of task inference, one of `rmn.tasks.inference.RULES`.

    Attributes:
        head: the last layer.

    Raises:
        ValueError: the last layer is no Linear.
    """

    def __init__(
        self, network: nn.Module, width: int, *, norm: Literal["per-task", "shared"], rule: str
    ) -> None:
        last = last_layer(network)
        if not isinstance(last, nn.Linear):
            raise ValueError(f"a head is a Linear layer, not {type(last).__name__}")
        head = GaussianHead(last, width)

        def replacement(module: nn.Module) -> nn.Module | None:
            if module is last:
                return head
            if isinstance(module, _BatchNorm) and norm == "per-task":
                return TaskBatchNorm(module)
            return None

        super().__init__(replace_layers(network, replacement), rule=rule)
        self.head = head

    def features(self, x: Tensor, task: int | None) -> Tensor:
        """What the last layer is given, (n, d).

        Args:
            x: inputs, (n, ...).
            task: index of a learned task; None for the live task.
        """
        with last_layer_inputs(self.body) as collected:
            self.forward_task(x, task)
        return collected[0]
