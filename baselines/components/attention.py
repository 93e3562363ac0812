"""Hard attention to the task: a network with gates on its hidden units."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from baselines.components.gating import gated
from rmn.tasks.network import TaskNetwork


class AttentionNetwork(TaskNetwork):
    """A network with a gate after each hidden activation and one head per task.

    Args:
        network: what `baselines.components.gating.gated` can give gates.
        smax: largest scale of the gates.

    Attributes:
        gates: in the order of the forward pass.
        gated: layers between gates: (layer, gate of its inputs or None, gate of its outputs).
        head: the output layers.

    Raises:
        ValueError: a layer cannot be gated; it is named.
    """

    def __init__(self, network: nn.Module, smax: float) -> None:
        made = gated(network, smax)
        super().__init__(made.body)
        self.gates = made.gates
        self.gated = made.weighted
        self.head = made.head

    def masks(self) -> Mapping[str, Tensor]:
        """Weights between units whose gates are open (above 0.5): bool, (tasks, *weight shape)."""
        names = {layer: name for name, layer in self.body.named_modules()}
        masks = {}
        for layer, before, after in self.gated:
            open_out = after.finished > 0.5
            open_in = torch.ones_like(open_out[:, :1]) if before is None else before.finished > 0.5
            masks[names[layer]] = spread(open_out, open_in, layer.weight)
        last = self.gates[-1].finished > 0.5
        outputs = torch.ones_like(last[:, :1]).expand(-1, self.head.live.out_features)
        masks[names[self.head]] = spread(outputs, last, self.head.live.weight)
        return masks


def spread(outputs: Tensor, inputs: Tensor, weight: Tensor) -> Tensor:
    """The smaller of an output unit's and an input unit's value for each weight between them.

    Args:
        outputs: (tasks, out) values of output units.
        inputs: (tasks, units) values of the gated units before, or (tasks, 1) for all inputs;
            a unit feeds several inputs where maps were flattened.
        weight: (out, in) or (out, in, height, width), giving the shape.

    Returns:
        (tasks, *weight shape).
    """
    inputs = inputs.repeat_interleave(weight.shape[1] // inputs.shape[1], dim=1)
    values = torch.minimum(outputs[:, :, None], inputs[:, None, :])
    values = values.reshape(*values.shape, *(1,) * (weight.dim() - 2))
    return values.expand(-1, *weight.shape)
