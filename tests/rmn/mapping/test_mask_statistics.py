"""Undecided and flipped entries of a mask, counted by hand."""

import pytest
import torch
from torch import nn

from rmn import convert
from rmn.mapping.mask_statistics import MaskStatistics, mask_statistics
from rmn.mapping.weights import RelevanceWeight


@pytest.mark.parametrize("learn_beta", [False, True])
def test_by_hand(learn_beta: bool) -> None:
    layers = nn.Sequential(nn.Linear(1, 1), nn.Linear(3, 2))
    _, layer = convert(layers, learn_beta=learn_beta).relevance_layers().values()
    assert isinstance(layer, RelevanceWeight)
    with torch.no_grad():
        # relevances at beta 50: 0.007, 0.924, 0.953, 0.5, 0, 1
        layer.mapping.copy_(torch.tensor([[0.4, 0.55, 0.56], [0.5, 0.0, 1.0]]))
    first = torch.tensor([[1, 1, 0], [0, 0, 1]]).bool()
    assert mask_statistics(layer, first) == MaskStatistics(undecided=2, flipped=2, beta=50.0)
    with torch.no_grad():
        layer.group.beta.fill_(20.0)  # 0.119, 0.731, 0.769, 0.5, 0, 1
    assert mask_statistics(layer, first) == MaskStatistics(undecided=4, flipped=2, beta=20.0)
