"""Covariances of a network's outputs under a Gaussian over its weights, by its Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from baselines.components.batches import Batch
from baselines.components.per_example_gradients import of_each_example


def jacobian_kernels(
    model: nn.Module,
    batch: Batch,
    outputs: Callable[[Tensor], Tensor],
    number: int,
    variances: Mapping[str, Tensor],
) -> Tensor:
    """J V J^T for each output, float64, (outputs, n, n), V the weights' diagonal covariance.

    The Jacobians of one output with respect to one layer's weights are in memory at a time: n times
    the size of the largest weight. It takes a pass over the examples for each output.

    Args:
        model: whose weights; in evaluation mode meanwhile.
        batch: n examples of one task.
        outputs: of logits (n, all outputs) what is differentiated, (n, outputs).
        number: of outputs.
        variances: of the weights, by name, in their shapes.
    """
    x = batch[0]
    kernels = x.new_zeros(number, len(x), len(x), dtype=torch.float64)  # to be inverted
    for output, kernel in enumerate(kernels):

        def of_output(logits: Tensor, output: int = output) -> Tensor:
            return outputs(logits)[:, output].sum()

        for name, gradients in of_each_example(model, batch, of_output):
            rows = gradients.double() * variances[name].flatten().sqrt().double()
            kernel += rows @ rows.T
    return kernels
