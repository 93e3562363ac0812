"""Random affine changes: maps by hand, limits, and the same ones for every method."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from harness.training.augmentation import RandomAffine, transformed

SAME = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


def test_maps_by_hand() -> None:
    x = torch.rand(1, 2, 6, 6)
    torch.testing.assert_close(transformed(x, torch.tensor([SAME])), x)
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    torch.testing.assert_close(transformed(x, quarter), torch.rot90(x, 1, (2, 3)))
    shifted = torch.tensor([[[1.0, 0.0, 1 / 3], [0.0, 1.0, 0.0]]])  # a sixth of the width: 1 pixel
    torch.testing.assert_close(transformed(x, shifted)[..., :-1], x[..., 1:])
    assert transformed(x, shifted)[..., -1].max() < 1e-5  # what comes from outside is zero


def test_half_of_the_images_are_changed_within_the_limits() -> None:
    matrices = RandomAffine(0)._matrices(2000)
    same = (matrices == torch.tensor(SAME)).all(-1).all(-1)
    assert 0.45 < same.float().mean() < 0.55
    scale = 1 / matrices[:, 0, :2].norm(dim=1)
    assert scale.min() >= 0.8 - 1e-5
    assert scale.max() <= 1.2 + 1e-5
    angle = torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0])
    assert angle.abs().max() <= math.radians(10) + 1e-5
    assert matrices[:, :, 2].abs().max() <= 0.1


def test_the_limits_are_reached() -> None:
    matrices = RandomAffine(0)._matrices(2000)
    scale = 1 / matrices[:, 0, :2].norm(dim=1)
    assert scale.min() < 0.81
    assert scale.max() > 1.19
    assert torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]).abs().max() > math.radians(9.9)
    assert matrices[:, :, 2].abs().max() > 0.099


def batches(seed: int) -> list[Tensor]:
    """Two batches of the same images as a strategy trains on them."""
    x = torch.rand(8, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    plugin, changed = RandomAffine(seed), []
    for _ in range(2):
        strategy: Any = SimpleNamespace(mbatch=[x.clone(), torch.arange(8)])
        plugin.before_training_iteration(strategy)
        assert strategy.mbatch[1].tolist() == list(range(8))
        changed.append(strategy.mbatch[0])
    return changed


def test_changes_depend_on_the_seed_and_differ_from_batch_to_batch() -> None:
    first, second = batches(1)
    assert not torch.equal(first, second)
    assert all(map(torch.equal, batches(1), (first, second)))
    assert not torch.equal(batches(2)[0], first)
