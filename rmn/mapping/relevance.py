"""The soft-round function and the initial values of relevance mappings."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

INITIALISATIONS: Final = ("normal", "skewed_normal", "uniform", "open")


def soft_round(mapping: Tensor, beta: Tensor | float) -> Tensor:
    """Sigmoidal pseudo-round of a relevance mapping to (0, 1), element by element.

    It tends to rounding at 0.5 as `beta` grows (paper, Equation 7).

    Args:
        mapping: raw values, any shape.
        beta: tightness, a number or a tensor that broadcasts to `mapping`.
    """
    return torch.sigmoid(beta * (mapping - 0.5))


@torch.no_grad()
def initialise(mapping: Tensor, initialisation: str, spread: float) -> None:
    """Fill a mapping with random values in [0, 1], in place.

    - "normal": N(0.5, spread) clipped. A small spread is best: entries that start far from 0.5 lie
      where the soft-round is flat and hardly learn.
    - "skewed_normal": clipped and skewed to the right, as the paper states without parameters;
      location 0.4, scale 0.2, shape 4 are ours.
    - "uniform": U(0, 1), as in the authors' development code.
    - "open": N(0.6, spread) clipped above 0.5, for pretrained weights: every weight is in use, and
      its entry near enough to 0.5 to be closed.

    Args:
        mapping: any shape.
        initialisation: one of `INITIALISATIONS`.
        spread: standard deviation of the normal initialisation.

    Raises:
        ValueError: unknown initialisation.
    """
    if initialisation == "uniform":
        mapping.uniform_()
    elif initialisation == "normal":
        mapping.normal_(0.5, spread).clamp_(0, 1)
    elif initialisation == "open":
        mapping.normal_(0.6, spread).clamp_(0.501, 1)
    elif initialisation == "skewed_normal":
        shape = 4.0
        delta = shape / (1 + shape**2) ** 0.5
        skewed = delta * torch.randn_like(mapping).abs_()
        skewed += (1 - delta**2) ** 0.5 * torch.randn_like(mapping)
        mapping.copy_(skewed.mul_(0.2).add_(0.4).clamp_(0, 1))
    else:
        raise ValueError(f"initialisation is {initialisation!r}; use one of {INITIALISATIONS}")
