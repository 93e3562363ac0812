"""Random changes of training images, a batch at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_SHARE: Final = 0.5
_DEGREES: Final = 10.0
_SHIFT: Final = 0.05  # of the image's width and height
_SCALES: Final = (0.8, 1.2)


class RandomAffine(SupervisedPlugin):
    """Rotates, shifts and scales half of each batch's images at random.

    At most 10 degrees, a twentieth of the image, and 0.8 to 1.2 in scale, as the authors'
    development code has it for MNIST and Omniglot; the paper does not state it.

    Args:
        seed: of the changes, which are the same for every method of a comparison.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Change the batch."""
        x = strategy.mbatch[0]
        strategy.mbatch[0] = transformed(x, self._matrices(len(x)).to(x.device))

    def _matrices(self, n: int) -> Tensor:
        """Maps from places in the new image to places in the old one, (n, 2, 3)."""

        def between(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(n, generator=self.generator)

        changed = torch.rand(n, generator=self.generator) < _SHARE
        angle = between(-_DEGREES, _DEGREES) * (math.pi / 180) * changed
        scale = torch.where(changed, between(*_SCALES), 1.0)
        shift = [2 * between(-_SHIFT, _SHIFT) * changed for _ in range(2)]  # of width 2: [-1, 1]
        cosine, sine = angle.cos() / scale, angle.sin() / scale
        rows = [cosine, -sine, shift[0], sine, cosine, shift[1]]
        return torch.stack(rows, 1).reshape(n, 2, 3)


def transformed(x: Tensor, matrices: Tensor) -> Tensor:
    """Images (n, channels, height, width) under affine maps (n, 2, 3), zeros outside."""
    grid = F.affine_grid(matrices, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)
