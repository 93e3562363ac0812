"""Networks that are a chain of layers, with the nodes that each layer passes on to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from baselines.components.per_task import BatchNormPerTask, HeadPerTask, PerTaskNetwork

_BETWEEN = (nn.Flatten, nn.MaxPool2d, nn.GroupNorm, nn.LayerNorm, _BatchNorm, BatchNormPerTask)
"""What a chain may have between its layers with weights and their ReLUs."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A sequence of layers with weights, each but the last followed by a ReLU.

    Attributes:
        layers: all but the last, by name in the order of the sequence.
        activations: the ReLU of each of them, by the same names.
        output_name: name of the last layer.
        output: the last layer, or one for each task.
    """

    layers: dict[str, nn.Linear | nn.Conv2d]
    activations: dict[str, nn.Module]
    output_name: str
    output: nn.Linear | HeadPerTask

    @classmethod
    def of(cls, model: nn.Module) -> Chain:
        """The chain that a model is.

        Raises:
            ValueError: it is none, as a network with residual sums.
        """
        prefix, body = ("body.", model.body) if isinstance(model, PerTaskNetwork) else ("", model)
        if not isinstance(body, nn.Sequential):
            raise ValueError(f"a {type(body).__name__} is no chain of layers; use an nn.Sequential")
        layers: dict[str, nn.Linear | nn.Conv2d] = {}
        activations: dict[str, nn.Module] = {}
        waiting: dict[str, nn.Module] = {}  # a layer whose activation is to come
        for place, module in body.named_children():
            name = prefix + place
            if isinstance(module, nn.Linear | nn.Conv2d | HeadPerTask) and not waiting:
                waiting[name] = module
            elif isinstance(module, nn.ReLU) and waiting:
                last, layer = waiting.popitem()
                assert isinstance(layer, nn.Linear | nn.Conv2d)
                layers[last], activations[last] = layer, module
            elif not isinstance(module, _BETWEEN):
                raise ValueError(f"{module} at {name} is no layer of a chain")
        output = list(waiting.items())
        if not output or not isinstance(output[0][1], nn.Linear | HeadPerTask):
            raise ValueError("a chain ends in a Linear layer without an activation")
        return cls(layers, activations, output[0][0], output[0][1])

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Names of each layer but the first, the output among them, after that of the one before.

        The first layer has no nodes before it.
        """
        names = [*self.layers, self.output_name]
        yield from pairwise(names)

    @contextmanager
    def activations_summed(self) -> Iterator[dict[str, Tensor]]:
        """Sums up, over the forward passes inside the context, each node's activation, (nodes,).

        An activation of a channel is the mean over its places. Divide by the number of examples.
        """
        sums: dict[str, Tensor] = {}

        def collect(name: str, values: Tensor) -> None:
            own = (
                values.detach().float().flatten(2) if values.dim() > 2 else values.detach().float()
            )
            own = (own.mean(2) if own.dim() > 2 else own).sum(0)
            sums[name] = sums[name] + own if name in sums else own

        handles = [
            module.register_forward_hook(lambda _, __, values, name=name: collect(name, values))
            for name, module in self.activations.items()
        ]
        try:
            yield sums
        finally:
            for handle in handles:
                handle.remove()


def incoming(nodes: Tensor, weight: Tensor) -> Tensor:
    """A value of each node of the layer before, spread over the weights that it comes in by.

    Args:
        nodes: (nodes of the layer before,).
        weight: of a Linear or Conv2d, (outputs, inputs, ...); a channel that was flattened has
            several inputs.

    Returns:
        Shape that broadcasts to that of the weight, (1, inputs, ...).
    """
    each = nodes.repeat_interleave(weight.shape[1] // len(nodes))
    return each.view(1, -1, *(1,) * (weight.dim() - 2))


def outgoing(nodes: Tensor, weight: Tensor) -> Tensor:
    """A value of each node of a layer in a shape that broadcasts to its weight, (outputs, 1, ...).

    Args:
        nodes: (nodes,).
        weight: of the layer, (nodes, inputs, ...).
    """
    return nodes.view(-1, *(1,) * (weight.dim() - 1))


def norms(weight: Tensor) -> Tensor:
    """The length of what comes into each node, (nodes,), of a weight (nodes, inputs, ...)."""
    lengths: Tensor = weight.flatten(1).norm(dim=1)
    return lengths
