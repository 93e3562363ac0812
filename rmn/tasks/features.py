"""The last layer of a network, and the features that are its inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor, nn

from rmn.tasks.layers import TaskBatchNorm, TaskLayer

_WEIGHTED: Final = (nn.Linear, nn.modules.conv._ConvNd, TaskLayer)


def last_layer(network: nn.Module) -> nn.Module:
    """The last registered layer with weights, which is to be the output layer.

    Activations may be registered after it. A network without such a layer is returned itself.
    `check_last_layer` finds out whether a forward pass ends with it.
    """
    layers = list(_weighted_layers(network))
    return layers[-1] if layers else network


def _weighted_layers(module: nn.Module) -> Iterator[nn.Module]:
    if isinstance(module, TaskBatchNorm):
        return
    if isinstance(module, _WEIGHTED):
        yield module
        return
    for child in module.children():
        yield from _weighted_layers(child)


@contextmanager
def _each_call(
    layers: Iterable[nn.Module], act: Callable[[nn.Module, Any], None]
) -> Iterator[None]:
    """Act on each layer that is called inside the context, and on its input before the call."""

    def hook(layer: nn.Module, by_place: tuple[Any, ...], by_name: dict[str, Any]) -> None:
        act(layer, next(iter((*by_place, *by_name.values()))))

    with ExitStack() as hooks:
        for layer in layers:
            hooks.callback(layer.register_forward_pre_hook(hook, with_kwargs=True).remove)
        yield


@dataclass(slots=True)
class LayerCall:
    """A call of a layer with weights.

    Attributes:
        layer: which one; None before any call.
        inputs: what it was given; None before any call.
    """

    layer: nn.Module | None = None
    inputs: Any = None

    def features(self, logits: Tensor) -> Tensor:
        """The inputs, (n, d); the logits where the layer was given none of as many examples.

        Args:
            logits: what came of the forward pass that the call belongs to, (n, outputs, ...).
        """
        inputs = self.inputs
        if isinstance(inputs, Tensor) and inputs.dim() > 1 and len(inputs) == len(logits):
            return inputs.flatten(1)
        return logits.flatten(1)


@contextmanager
def last_layer_called(network: nn.Module) -> Iterator[LayerCall]:
    """The last call of a layer with weights in the forward passes inside the context.

    It finds the output layer wherever that was registered and however often it is called, but has
    to run the network for it.
    """
    last = LayerCall()

    def remember(layer: nn.Module, x: Any) -> None:
        last.layer, last.inputs = layer, x

    with _each_call(_weighted_layers(network), remember):
        yield last


@contextmanager
def last_layer_inputs(network: nn.Module) -> Iterator[list[Tensor]]:
    """Collect the features of each forward pass of the network inside the context, (n, d) each.

    They are what the layer with weights that is called last was given, see `LayerCall.features`.
    """
    collected: list[Tensor] = []
    with last_layer_called(network) as call:

        def collect(_: nn.Module, inputs: Any, logits: Tensor) -> None:
            collected.append(call.features(logits))
            call.layer = call.inputs = None  # the next pass may call no layer

        with network.register_forward_hook(collect):
            yield collected


@contextmanager
def layers_called(network: nn.Module) -> Iterator[list[nn.Module]]:
    """Collect the layers with weights that forward passes inside the context call, in order."""
    called: list[nn.Module] = []
    with _each_call(_weighted_layers(network), lambda layer, _: called.append(layer)):
        yield called


def check_last_layer(network: nn.Module, called: Sequence[nn.Module], logits: Tensor) -> None:
    """Refuse a network whose last registered layer is not the one that computes its logits.

    Args:
        network: the network.
        called: its layers with weights, in the order in which a forward pass called them.
        logits: what came of it, (n, outputs, ...) or (n, ..., outputs).

    Raises:
        ValueError: says which layer to register last.
    """
    last = last_layer(network)
    if last is network:
        return
    names = {module: name or "the module itself" for name, module in network.named_modules()}
    if last in called and called[-1] is not last:
        raise ValueError(
            f"the layer registered last is {names[last]}, and the one that computes the logits "
            f"{names[called[-1]]}; assign {names[called[-1]]} last in __init__, which is how the "
            "output layer is found"
        )
    width = getattr(last, "out_features", getattr(last, "out_channels", None))
    if width is not None and width not in (logits.shape[1], logits.shape[-1]):
        raise ValueError(
            f"the layer registered last, {names[last]}, has {width} outputs and the network "
            f"{logits.shape[-1]}; register the layer that computes the logits last, which is how "
            "the output layer is found"
        )
