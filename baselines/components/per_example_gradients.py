"""The mean over examples of what each example's own gradient says of the weights.

EWC needs the mean of squared gradients and MAS that of their magnitudes. Neither can be had from
the gradient of a batch, which is the sum over its examples already; and a backward pass for each
example alone takes a hundred times as long as one for a batch. Here one backward pass over a batch
gives the gradients with respect to the outputs of all layers, a row for each example; from those
and from its inputs each layer's weight gradients are made (`layer_gradients`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from avalanche.models import avalanche_forward
from torch import Tensor, nn

from baselines.components.batches import Batch
from baselines.components.layer_gradients import (
    Elementwise,
    each_example,
    learned_weights,
    sum_over_examples,
)
from rmn.tasks.evaluation_mode import evaluation_mode


@dataclass(frozen=True, slots=True)
class _Call:
    """A layer's forward pass: inputs (n, ...) and outputs (n, ...)."""

    layer: nn.Module
    inputs: Tensor
    outputs: Tensor


def mean_over_examples(
    model: nn.Module,
    batches: Iterable[Batch],
    objective: Callable[[Tensor, Tensor], Tensor],
    of: Elementwise,
) -> dict[str, Tensor]:
    """The mean over examples of a function of each example's gradient, for every weight it reaches.

    The model is in evaluation mode meanwhile, in which no BatchNorm statistic moves and an
    example's outputs do not depend on the rest of its batch. It is left as it was; no weight's
    `grad` is touched. Sums are float32 whatever the precision of training.

    Args:
        model: whose weights; each layer's are used by its own forward pass alone, once at most for
            a batch.
        batches: all examples, in batches of any size.
        objective: takes logits (n, outputs) and classes (n,); the sum over the examples of what
            is differentiated.
        of: the function.

    Returns:
        By name, shapes of the weights; without those that the objective does not depend on, such
        as the output layers of other tasks.

    Raises:
        ValueError: a layer is used several times for a batch, or a weight outside of its layer.
    """
    names = {id(weight): name for name, weight in model.named_parameters()}
    total: dict[str, Tensor] = {}
    examples = 0
    with evaluation_mode(model.modules()), torch.enable_grad():
        for x, y, task_labels in _by_task(batches):
            examples += len(x)
            with torch.autocast(x.device.type, enabled=False):
                with _recording(model) as calls:
                    logits = avalanche_forward(model, x, task_labels)
                for call, gradient in _backward(model, objective(logits, y), calls):
                    weights = learned_weights(call.layer)
                    sums = sum_over_examples(call.layer, call.inputs, gradient, of)
                    for own, value in sums.items():
                        name = names[id(weights[own])]
                        total[name] = total[name].add_(value) if name in total else value
    return {name: value.div_(examples) for name, value in total.items()}


def of_each_example(
    model: nn.Module, batch: Batch, objective: Callable[[Tensor], Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """Each example's own gradient, (n, numbers of the weight), for every weight it reaches.

    The model is treated as by `mean_over_examples`. One layer's gradients are made at a time.

    Args:
        model: whose weights, as for `mean_over_examples`.
        batch: examples of one task.
        objective: takes logits (n, outputs); the sum over the examples of what is differentiated.

    Yields:
        A weight's name and its gradients, without weights that the objective does not depend on.

    Raises:
        ValueError: a layer is used several times for a batch, or a weight outside of its layer.
    """
    names = {id(weight): name for name, weight in model.named_parameters()}
    x, _, task_labels = batch
    with evaluation_mode(model.modules()), torch.autocast(x.device.type, enabled=False):
        with torch.enable_grad(), _recording(model) as calls:
            logits = avalanche_forward(model, x, task_labels)
            total = objective(logits)
        for call, gradient in _backward(model, total, calls):
            weights = learned_weights(call.layer)
            for own, rows in each_example(call.layer, call.inputs, gradient).items():
                yield names[id(weights[own])], rows


def _by_task(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The same examples, one task to a batch: a network may pass each task's apart."""
    for x, y, task_labels in batches:
        labels = torch.unique(task_labels)
        if len(labels) == 1:
            yield x, y, task_labels
            continue
        for label in labels:
            own = task_labels == label
            yield x[own], y[own], task_labels[own]


@contextmanager
def _recording(model: nn.Module) -> Iterator[list[_Call]]:
    """Lists the forward passes of all layers that have weights to learn."""
    calls: list[_Call] = []

    def record(layer: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> Tensor:
        if not isinstance(outputs, Tensor) or not outputs.requires_grad or len(inputs) != 1:
            return outputs  # `_backward` says so if its weights matter
        calls.append(_Call(layer, inputs[0].detach(), outputs))
        return outputs.clone()  # what follows may work in place, as ReLU does in a ResNet

    handles = [
        module.register_forward_hook(record)
        for module in model.modules()
        if learned_weights(module)
    ]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _backward(
    model: nn.Module, objective: Tensor, calls: list[_Call]
) -> Iterator[tuple[_Call, Tensor]]:
    """The gradients with respect to the outputs of the recorded layers; unused ones are left out.

    Args:
        model: that was recorded.
        objective: a sum over examples.
        calls: of its layers.

    Raises:
        ValueError: a weight has a gradient by another way than one call of its layer.
    """
    called = [id(weight) for call in calls for weight in learned_weights(call.layer).values()]
    if len(set(called)) < len(called):
        raise ValueError("a layer, or a weight, is used several times for one batch")
    others = {
        name: weight
        for name, weight in model.named_parameters()
        if weight.requires_grad and id(weight) not in called
    }
    wanted = [*(call.outputs for call in calls), *others.values()]
    gradients = torch.autograd.grad(objective, wanted, allow_unused=True)
    for name, gradient in zip(others, gradients[len(calls) :], strict=True):
        if gradient is not None:
            raise ValueError(f"{name} is used outside of its own layer's forward pass")
    for call, gradient in zip(calls, gradients[: len(calls)], strict=True):
        if gradient is not None:
            yield call, gradient
