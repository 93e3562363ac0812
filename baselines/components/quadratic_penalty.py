"""The penalty of EWC, SI and MAS: important weights are pulled to where earlier tasks had them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn


@torch.no_grad()
def pull_back(
    weights: Mapping[str, nn.Parameter],
    anchor: Mapping[str, Tensor],
    importance: Mapping[str, Tensor],
    strength: float,
) -> None:
    """Add to the gradients that of strength * sum of importance * (weight - anchor)².

    One pass over the weights after the backward pass; by autograd it would be half a dozen.

    Args:
        weights: by name; those without a gradient, or without an importance, are left alone.
        anchor: where each weight is pulled to, shape of the weight.
        importance: of each weight, shape of the weight.
        strength: of the penalty.
    """
    for name, weight in weights.items():
        if weight.grad is not None and name in importance:
            weight.grad.addcmul_(weight - anchor[name], importance[name], value=2 * strength)
