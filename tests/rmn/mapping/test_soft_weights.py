"""Soft weights in one autograd function against the plain formula and finite differences."""

from typing import Any

import pytest
import torch
from torch import Tensor

from rmn.mapping import soft_weights
from rmn.mapping.flat_views import flat_views
from rmn.mapping.relevance import soft_round
from rmn.mapping.soft_weights import SoftWeights, beta_per_weight, concatenate


@pytest.mark.parametrize("sizes", [[14], [12, 2]])  # together, or a tensor for each layer
@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("penalised", [False, True])
def test_gradients_are_finite_differences(sizes: list[int], learned: bool, penalised: bool) -> None:
    torch.manual_seed(0)
    views = flat_views([torch.empty(3, 4), torch.empty(2)])
    weight, mapping = (torch.randn(14, dtype=torch.double, requires_grad=True) for _ in "ab")
    beta = torch.tensor([3.0, 5.0] if learned else 3.0, dtype=torch.double, requires_grad=learned)
    penalty_weight = torch.rand(14, dtype=torch.double) if penalised else None

    def function(w: Tensor, m: Tensor, b: Tensor) -> Any:
        values = (*torch.split(w, sizes), *torch.split(m, sizes))
        return SoftWeights.apply(views, penalty_weight, b, *values)

    assert torch.autograd.gradcheck(function, (weight, mapping, beta))


@pytest.mark.parametrize("cache_size", [None, 50])  # all at once, or in chunks
@pytest.mark.parametrize("beta", [torch.tensor(50.0), torch.tensor([50.0, 20.0])])
def test_they_are_the_plain_formula(
    beta: Tensor, cache_size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    if cache_size:
        monkeypatch.setattr(soft_weights, "CACHE_SIZE", cache_size)
    shapes = [(4, 5, 3, 3), (7, 5)]
    layers = [torch.empty(shapes[0]).to(memory_format=torch.channels_last), torch.empty(shapes[1])]
    views = flat_views(layers)
    weight, mapping, penalty_weight = (
        torch.rand(4 * 5 * 9 + 35, requires_grad=True) for _ in "abc"
    )
    weights, mappings, penalty_weights = (
        [view.slice(flat.detach()).clone().requires_grad_() for view in views]
        for flat in (weight, mapping, penalty_weight)
    )
    penalty, *soft = SoftWeights.apply(views, penalty_weight.detach(), beta, weight, mapping)
    relevance = [soft_round(m, b) for m, b in zip(mappings, beta.expand(2), strict=True)]
    plain = [w * r for w, r in zip(weights, relevance, strict=True)]
    pairs = zip(penalty_weights, relevance, strict=True)
    plain_penalty = torch.stack([(p.detach() * r).sum() for p, r in pairs]).sum()
    torch.testing.assert_close(soft, plain)
    torch.testing.assert_close(penalty, plain_penalty)
    toward = [torch.randn(shape) for shape in shapes]
    for found, of_relevance in ((soft, penalty), (plain, plain_penalty)):
        sums = [(t * s).sum() for t, s in zip(toward, found, strict=True)]
        torch.autograd.backward(sums[0] + sums[1] + 0.7 * of_relevance)
    assert weight.grad is not None
    assert mapping.grad is not None
    for view, w, m in zip(views, weights, mappings, strict=True):
        torch.testing.assert_close(view.slice(weight.grad), w.grad)
        torch.testing.assert_close(view.slice(mapping.grad), m.grad)


def test_betas_are_repeated_for_each_weight_of_their_layer() -> None:
    views = flat_views([torch.empty(2, 1), torch.empty(3)])
    assert beta_per_weight(torch.tensor([5.0, 7.0]), views).tolist() == [5, 5, 7, 7, 7]
    scalar = torch.tensor(5.0)
    assert beta_per_weight(scalar, views) is scalar


def test_a_single_tensor_is_not_copied() -> None:
    one = torch.rand(3)
    assert concatenate([one]) is one
    assert torch.equal(concatenate([one, one[:1]]), torch.cat([one, one[:1]]))
