"""PackNet: how much of each layer a task takes, and that it keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

from baselines.components.masks.packnet import PackNetLayer
from baselines.components.masks.strategy import MaskTraining
from baselines.context import Context
from baselines.packnet import PackNet

Learned = Callable[..., MaskTraining]


@pytest.mark.parametrize("share", [0.5, 0.75])
def test_each_task_takes_its_share_of_the_weights_that_are_free(
    share: float, learned: Learned
) -> None:
    masks = learned(PackNet(prune_share=share), tasks=3).masks()
    *hidden, output = masks.values()
    for mask in hidden:
        free = mask[0].numel()
        for task in range(3):
            own = mask[task] & ~mask[:task].any(0)
            assert int(own.sum()) == free - int(share * free)
            assert not (mask[:task] & ~mask[task]).any()  # it uses all that was there
            free -= int(own.sum())
    rows = torch.arange(10) // 2
    assert torch.equal(output, (rows == torch.arange(3)[:, None])[..., None].expand(3, 10, 100))


def test_a_shared_output_layer_is_pruned_like_any_other(learned: Learned, own: Context) -> None:
    shared = replace(own, loss="all", task_outputs=())
    masks = learned(PackNet(prune_share=0.75), tasks=2, context=shared).masks()
    *_, output = masks.values()
    assert output[0].sum() == 250
    assert output[1].sum() == 250 + 750 - 562


def test_the_smallest_magnitudes_are_pruned_and_stay_zero() -> None:
    layer = PackNetLayer(nn.Linear(4, 2, bias=False))
    values = torch.tensor([[0.1, -0.9, 0.3, -0.2], [0.8, -0.4, 0.5, 0.05]])
    layer.weight.data = values.clone()
    layer.prune(0.5)
    kept = values.abs() > 0.35
    assert torch.equal(layer.live_mask(), kept)
    layer.weight.data += 1  # as momentum would
    layer.restore()
    assert torch.equal(layer.weight != 0, kept)
    assert torch.equal(layer.weight[kept], values[kept] + 1)
    layer.finish_task()
    layer.begin_task()
    layer.weight.data += 1
    layer.restore()
    assert torch.equal(layer.weight[kept], values[kept] + 1)  # the first task's
    assert (layer.weight[~kept] == 1).all()  # free again
    layer.prune(0.5)
    assert int(layer.live_mask().sum()) == 6


def test_it_is_pruned_once_in_a_task_of_a_single_step(learned: Learned, own: Context) -> None:
    short = replace(own, epochs=1, batch_size=256)
    *hidden, _ = learned(PackNet(), tasks=1, context=short).masks().values()
    assert all(mask.float().mean() < 0.3 for mask in hidden)
