"""A network with gates on its hidden units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from baselines.components.hat.gate import Gate
from baselines.components.hat.gate_insertion import GatedLayer, insert_gates
from rmn.tasks.layers import TaskHead
from rmn.tasks.network import TaskNetwork


class HATNetwork(TaskNetwork):
    """A network with a gate after each hidden activation.

    Args:
        network: a network that `insert_gates` accepts; it is left unchanged.
        smax: largest scale of the gates.
        norm: one BatchNorm per task, or one shared by all, whose statistics undo what the gates
            protect.
        head: a head per task, as published; or one layer, for losses over outputs of the task's own
            only, which leave those of other tasks as they are.

    Attributes:
        gates: in the order of the forward pass.
        gated_layers: all weighted layers but the head, with the gates around them.
        head: the output layer, or layers.

    Raises:
        ValueError: a layer cannot be gated; it is named.
    """

    def __init__(
        self,
        network: nn.Module,
        smax: float,
        *,
        norm: Literal["per-task", "shared"] = "per-task",
        head: Literal["per-task", "shared"] = "per-task",
    ) -> None:
        gated = insert_gates(network, smax, norm=norm, head=head)
        super().__init__(gated.body)
        self.gates = gated.gates
        self.gated_layers = gated.layers
        self.head = gated.head

    def masks(self) -> Mapping[str, Tensor]:
        """Weights between units whose gates are open (above 0.5): bool, (tasks, *weight shape)."""
        names = {layer: name for name, layer in self.body.named_modules()}
        masks = {
            names[gated.layer]: _layer_attention(gated, lambda gate: gate.finished > 0.5)
            for gated in self.gated_layers
        }
        if not self.gates:  # there is no hidden layer
            return masks
        last = self.gates[-1].finished > 0.5
        weight = (self.head.live if isinstance(self.head, TaskHead) else self.head).weight
        outputs = torch.ones_like(last[:, :1]).expand(-1, len(weight))
        masks[names[self.head]] = attention_per_weight(outputs, last, weight)
        return masks

    def cumulative_attention(self) -> list[Tensor]:
        """Per gated layer, the largest attention of any finished task, in the weight's shape.

        The attention to a weight is the smaller gate of its input unit and its output unit.
        """
        return [
            _layer_attention(gated, lambda gate: gate.cumulative()[None])[0]
            for gated in self.gated_layers
        ]


def _layer_attention(gated: GatedLayer, values: Callable[[Gate], Tensor]) -> Tensor:
    """`attention_per_weight` of a layer, given a gate's values, (tasks, units)."""
    outputs = values(gated.outputs)
    inputs = torch.ones_like(outputs[:, :1]) if gated.inputs is None else values(gated.inputs)
    return attention_per_weight(outputs, inputs, gated.layer.weight)


def attention_per_weight(outputs: Tensor, inputs: Tensor, weight: Tensor) -> Tensor:
    """The smaller of an output unit's and an input unit's value for each weight between them.

    Args:
        outputs: values of the output units, (tasks, out).
        inputs: values of the gated input units, (tasks, units), or (tasks, 1) for all inputs; where
            maps were flattened, a unit has several inputs.
        weight: gives the shape, (out, in) or (out, in, height, width).

    Returns:
        (tasks, *weight shape).
    """
    inputs = inputs.repeat_interleave(weight.shape[1] // inputs.shape[1], dim=1)
    values = torch.minimum(outputs[:, :, None], inputs[:, None, :])
    values = values.reshape(*values.shape, *(1,) * (weight.dim() - 2))
    return values.expand(-1, *weight.shape)
