"""Averaged gradient episodic memory as an Avalanche plugin.

Avalanche 0.6.0 ships one, which leaves out of the projection what the present task does not use,
such as the heads of earlier tasks, and draws from Python's own random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from baselines.components.reference_gradient import (
    Gradients,
    ReferenceGradientPlugin,
    add_to_gradients,
    product,
    squared_norm,
)


class AveragedGEMPlugin(ReferenceGradientPlugin):
    """Chaudhry et al. 2019: no step, to first order, raises the mean loss on stored examples."""

    def combine(
        self,
        weights: Mapping[str, nn.Parameter],
        reference: Gradients,
        loss: Tensor,
        reference_loss: Tensor,
    ) -> None:
        """Project the gradient where it is against the reference; see the base class."""
        project(weights, reference)


@torch.no_grad()
def project(weights: Mapping[str, nn.Parameter], reference: Gradients) -> None:
    """Take out of the gradients what is against a reference (Chaudhry et al. 2019, Equation 11).

    With gradient g and reference r, where g·r < 0, the gradient becomes g - (g·r / r·r) r, which is
    orthogonal to the reference.

    Args:
        weights: by name; one without a gradient has one of zeros.
        reference: gradients by the weights' names; one that is missing is of zeros.
    """
    against = product(weights, reference)
    if against < 0:
        add_to_gradients(weights, reference, -against / squared_norm(reference))
