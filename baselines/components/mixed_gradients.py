"""MEGA-II's rotation of gradients as an Avalanche plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from baselines.components.reference_gradient import (
    Gradients,
    ReferenceGradientPlugin,
    add_to_gradients,
    product,
    squared_norm,
)

_PARALLEL: Final = 1e-6
"""Sine of the angle below which two gradients span no plane."""


class GradientRotationPlugin(ReferenceGradientPlugin):
    """Guo et al. 2020: the gradient turns to that of stored examples, the more these are lost."""

    def combine(
        self,
        weights: Mapping[str, nn.Parameter],
        reference: Gradients,
        loss: Tensor,
        reference_loss: Tensor,
    ) -> None:
        """Rotate the gradient; see the base class."""
        rotate(weights, reference, loss, reference_loss)


@torch.no_grad()
def rotate(
    weights: Mapping[str, nn.Parameter], reference: Gradients, loss: Tensor, reference_loss: Tensor
) -> None:
    """Turn the gradients towards a reference, in the plane of both (Guo et al. 2020, MEGA-II).

    With gradient g, reference r and the angle a between them, the result has the length of g and is
    g turned by `rotation_angle` towards r. Where both are parallel, there is no plane, and g stays.

    Args:
        weights: by name; one without a gradient has one of zeros.
        reference: gradients by the weights' names; one that is missing is of zeros.
        loss: whose gradient g is, a scalar.
        reference_loss: whose gradient r is, a scalar.
    """
    own = {name: w.grad for name, w in weights.items() if w.grad is not None}
    length, reference_length = squared_norm(own).sqrt(), squared_norm(reference).sqrt()
    cosine = (product(weights, reference) / (length * reference_length)).clamp(-1, 1)
    sine = (1 - cosine.square()).sqrt()
    if not sine > _PARALLEL:  # nor where one of both is zero
        return
    angle = rotation_angle(torch.atan2(sine, cosine), loss, reference_loss)
    # g and the part of r that is orthogonal to it, each at the length of g, span the circle
    towards = angle.sin() / sine
    stays = angle.cos() - towards * cosine
    for gradient in own.values():
        gradient.mul_(stays)
    add_to_gradients(weights, reference, towards * length / reference_length)


def rotation_angle(between: Tensor, loss: Tensor, reference_loss: Tensor) -> Tensor:
    """The angle t in [0, pi / 2] that maximises loss cos(t) + reference_loss cos(between - t).

    The authors' code climbs there by gradient ascent from random angles, and goes no further than
    pi / 2. The sum of two cosines of one period is a cosine with its top at atan2(reference_loss
    sin(between), loss + reference_loss cos(between)), which is never below 0; where it is beyond
    pi / 2, which takes gradients that oppose each other and a small loss of the batch, the sum
    rises until there.

    Args:
        between: angle from 0 to pi between the gradients.
        loss: of the batch, not negative.
        reference_loss: of the stored examples, not negative.
    """
    across = reference_loss * between.sin()
    along = loss + reference_loss * between.cos()
    return torch.atan2(across, along).clamp(0, torch.pi / 2)
