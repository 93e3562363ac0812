"""Several layers' values in one tensor: where they lie, and who shares one."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rmn import convert
from rmn.mapping.flat_views import end_to_end, slots
from rmn.mapping.mappings import grouped, soften, soften_together
from rmn.mapping.penalties import price_relevance
from rmn.mapping.relevance import CACHED

SHAPES = st.one_of(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
)


@given(st.lists(st.tuples(SHAPES, st.booleans()), min_size=1, max_size=5))
def test_slots_put_all_values_end_to_end(layers):
    weights = [torch.randn(shape) for shape, _ in layers]
    for at, (shape, last) in enumerate(layers):
        if last and len(shape) == 4:
            weights[at] = weights[at].to(memory_format=torch.channels_last)
    made = slots(weights)
    flat = torch.cat([slot.flat(weight) for slot, weight in zip(made, weights, strict=True)])
    for slot, weight in zip(made, weights, strict=True):
        view = slot.of(flat)
        assert torch.equal(view, weight)
        assert view.stride() == weight.stride()
        assert view.untyped_storage().data_ptr() == flat.untyped_storage().data_ptr()


@given(st.lists(st.integers(1, 2 * CACHED), min_size=1, max_size=8))
def test_only_what_fits_the_cache_shares(sizes):
    weights = [torch.empty(size) for size in sizes]
    groups = list(grouped(weights))
    assert [number for group in groups for number in group] == list(range(len(sizes)))
    totals = [sum(sizes[number] for number in group) for group in groups]
    for group, total in zip(groups, totals, strict=True):
        assert total <= CACHED or len(group) == 1
    for total, follower in zip(totals, groups[1:], strict=False):
        assert total + sizes[follower.start] > CACHED


def test_types_do_not_mix():
    weights = [torch.empty(3), torch.empty(3), torch.empty(3, dtype=torch.double)]
    assert list(grouped(weights)) == [range(2), range(2, 3)]


def test_off_the_processor_all_share():
    weights = [torch.empty(size, device="meta") for size in (CACHED, CACHED, 3)]
    assert list(grouped(weights)) == [range(3)]


@pytest.mark.parametrize("learn_beta", [False, True])
@pytest.mark.parametrize("limits", [(1, 2**40), (2**40, 1), (40, 1), (50, 40)])
def test_a_network_loads_what_one_with_other_groups_saved(limits, learn_beta, monkeypatch):
    made = []
    for limit in limits:
        monkeypatch.setattr("rmn.mapping.mappings.CACHED", limit)
        layers = [nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 4), nn.Linear(4, 3)]
        made.append(convert(nn.Sequential(*layers), learn_beta=learn_beta))
    saved, loaded = made
    sizes, others = ([len(group.weight) for group in model.mappings] for model in made)
    assert sizes != others
    for task in range(2):
        saved.begin_task(task, [])
        saved(torch.randn(4, 6)).sum().backward()
        with torch.no_grad():
            for group in saved.mappings:
                group.beta += torch.rand_like(group.beta) if learn_beta else 7
        if not task:
            saved.finish_task()
    loaded.load_state_dict(saved.state_dict())
    x = torch.randn(4, 6)
    for model in made:
        model.eval()
    for task in saved.functions:
        assert torch.equal(saved.forward_task(x, task), loaded.forward_task(x, task))
    for one, other in zip(
        saved.relevance_layers().values(), loaded.relevance_layers().values(), strict=True
    ):
        assert torch.equal(one.mapping, other.mapping)
        torch.testing.assert_close(one.relevance, other.relevance)


def test_a_network_of_other_layers_is_refused():
    saved, loaded = (convert(nn.Linear(6, width)) for width in (5, 4))
    with pytest.raises(RuntimeError, match="size mismatch"):
        loaded.load_state_dict(saved.state_dict())


def network():
    torch.manual_seed(0)
    return convert(nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3)))


@pytest.mark.parametrize("change", [copy.deepcopy, lambda model: model.double()])
def test_layers_see_the_values_of_a_copied_or_converted_network(change):
    model = change(network())
    (mappings,) = model.mappings
    x = torch.randn(4, 6, dtype=mappings.weight.dtype)
    before = model(x)
    with torch.no_grad():
        mappings.weight.mul_(2)
    for layer in model.relevance_layers().values():
        assert layer.weight.untyped_storage().data_ptr() == mappings.weight.data_ptr()
        assert layer.weight.dtype == mappings.weight.dtype
    assert not torch.equal(model(x), before)


def test_a_layer_that_is_used_twice_keeps_one_weight():
    torch.manual_seed(0)
    tied = nn.Linear(4, 4, bias=False)
    model = convert(nn.Sequential(tied, nn.BatchNorm1d(4), nn.Sequential(tied, nn.Linear(4, 2))))
    first, second = model.body[0], model.body[2][0]
    assert first.weight.data_ptr() == second.weight.data_ptr()
    model.begin_task(0, [0, 1])
    model(torch.randn(3, 4)).sum().backward()
    model.finish_task()
    assert torch.equal(first.masks(), second.masks())
    (mappings,) = model.mappings
    assert int(mappings.uses.max()) == 1


def test_masked_weights_lie_as_the_weights_do():
    convolutions = nn.Sequential(nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.Conv2d(6, 4, 1))
    model = convert(convolutions.to(memory_format=torch.channels_last))
    model.begin_task(0, [])
    model(torch.randn(2, 1, 5, 5)).sum().backward()
    live = [layer.live_mask() for layer in model.relevance_layers().values()]
    model.finish_task()
    for layer, mask in zip(model.relevance_layers().values(), live, strict=True):
        assert torch.equal(layer.masks(), mask[None])
        assert torch.equal(layer.masked_weight(0), layer.weight * mask)
        assert layer.masked_weight(0).stride() == layer.weight.stride()


@pytest.mark.parametrize("learn_beta", [False, True])
@pytest.mark.parametrize("priced", [False, True])
def test_groups_end_to_end_are_what_they_are_one_by_one(learn_beta, priced):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 64, 3), nn.Conv2d(64, 256, 3), nn.Conv2d(256, 64, 1)]
    convolutions = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    model = convert(convolutions, learn_beta=learn_beta)
    groups = model.mappings
    assert [len(group.slots) for group in groups] == [1, 1, 1]
    model.begin_task(0, [])
    model.finish_task()
    model.begin_task(1, [])
    if priced:
        price_relevance(groups, l0_weight=1.0, overlap_weight=0.5)
    found = []
    for way in (soften, soften_together):
        model.zero_grad()
        cost = way(groups, end_to_end(group.slots for group in groups))
        masked = [soft for group in groups for soft in group.soft]
        (cost + sum((soft**3).sum() for soft in masked)).backward()
        gradients = [parameter.grad for parameter in model.parameters()]
        found.append([cost.detach(), *(soft.detach() for soft in masked), *gradients])
    assert (found[0][0] != 0) == priced
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
        assert one.stride() == other.stride()
