"""Covariances of a network's outputs under a Gaussian over its weights, by its Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn


@torch.no_grad()
def jacobian_kernels(
    model: nn.Module,
    outputs: Callable[[nn.Module, Tensor], Tensor],
    x: Tensor,
    variances: Mapping[str, Tensor],
) -> Tensor:
    """J V J^T for each output, (outputs, n, n), V the diagonal covariance of the weights.

    The Jacobians of one output with respect to one weight tensor are in memory at a time: n times
    the size of the largest. It takes a pass over the examples for each output and weight tensor.

    Args:
        model: in evaluation mode: an example's outputs do not depend on the others'.
        outputs: of a model for inputs (n, ...): (n, outputs). It must not look at values.
        x: inputs, (n, ...).
        variances: of the weights that count, by name, in their shapes.
    """
    call = _Call(model, outputs)
    number = call(x[:1]).shape[1]
    kernels = x.new_zeros(number, len(x), len(x))
    for name, variance in variances.items():
        spread = variance.flatten().sqrt()
        for output in range(number):
            rows = _jacobian(call, f"model.{name}", output, x).flatten(1) * spread
            kernels[output] += rows @ rows.T
    return kernels


class _Call(nn.Module):
    """A function of a model as a module, whose weights `functional_call` can replace."""

    def __init__(self, model: nn.Module, outputs: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.model = model
        self.outputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        return self.outputs(self.model, x)


def _jacobian(call: _Call, name: str, output: int, x: Tensor) -> Tensor:
    """The gradient of one output with respect to one weight for each example, (n, *weight shape).

    Args:
        call: makes the outputs.
        name: of the weight in it.
        output: number of the output.
        x: inputs, (n, ...).
    """

    def value(weight: Tensor, example: Tensor) -> Tensor:
        answer: Tensor = torch.func.functional_call(call, {name: weight}, (example[None],))
        return answer[0, output]

    of_each = torch.func.vmap(torch.func.grad(value), in_dims=(None, 0))
    found: Tensor = of_each(call.get_parameter(name), x)
    return found
