"""Groups of layers: what a task fixes in them, who shares one, and their soft weights."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from rmn import convert
from rmn.mapping.flat_views import concatenate_views
from rmn.mapping.mappings import (
    RelevanceMappings,
    compute_soft_weights,
    compute_soft_weights_jointly,
    group_layers,
)
from rmn.mapping.penalties import set_penalty_weights
from rmn.mapping.soft_weights import CACHE_SIZE


def mappings() -> RelevanceMappings:
    return RelevanceMappings([torch.zeros(2, 2)], 50.0, False, "normal", 0.02)


def set_to(parameter: nn.Parameter, values: list[float]) -> None:
    with torch.no_grad():
        parameter.copy_(torch.tensor(values))


def test_weights_that_a_finished_task_uses_are_restored() -> None:
    group = mappings()
    group.begin_task()
    set_to(group.weight, [1.0, 2.0, 3.0, 4.0])
    set_to(group.mapping, [0.9, 0.1, 0.6, 0.5])
    group.restore_frozen_weights()  # nothing is frozen yet
    assert group.weight.tolist() == [1, 2, 3, 4]
    group.finish_task()
    assert group.uses.tolist() == [1, 0, 1, 0]
    group.begin_task()
    set_to(group.weight, [5.0, 6.0, 7.0, 8.0])
    group.restore_frozen_weights()
    assert group.weight.tolist() == [1, 6, 3, 8]
    set_to(group.mapping, [0.9, 0.9, 0.1, 0.1])
    group.finish_task()
    assert group.uses.tolist() == [2, 1, 1, 0]
    group.begin_task()
    set_to(group.weight, [9.0, 9.0, 9.0, 9.0])
    group.restore_frozen_weights()
    assert group.weight.tolist() == [1, 6, 3, 9]


def test_pruned_entries_stay_zero_until_the_task_ends() -> None:
    group = mappings()
    group.begin_task()
    set_to(group.mapping, [0.9, 0.4, 0.6, 0.45])
    group.prune(0.05)  # relevance of 0.4 is 0.0067, of 0.45 it is 0.076
    assert group.pruned.tolist() == [False, True, False, False]
    set_to(group.mapping, [0.7, 0.7, 0.7, 0.7])
    group.restore_frozen_weights()
    torch.testing.assert_close(group.mapping.tolist(), [0.7, 0.0, 0.7, 0.7])
    group.finish_task()
    group.begin_task()
    assert not group.pruned.any()
    assert (group.mapping > 0.3).all()


def test_what_is_frozen_follows_from_the_state_dict() -> None:
    group, loaded = mappings(), mappings()
    group.begin_task()
    set_to(group.weight, [1.0, 2.0, 3.0, 4.0])
    set_to(group.mapping, [0.9, 0.1, 0.6, 0.1])
    group.finish_task()
    group.begin_task()
    set_to(group.mapping, [0.1, 0.9, 0.9, 0.9])
    group.prune(0.5)
    loaded.load_state_dict(group.state_dict())
    loaded.restore_live_task()
    set_to(loaded.weight, [9.0, 9.0, 9.0, 9.0])
    set_to(loaded.mapping, [0.9, 0.9, 0.9, 0.9])
    loaded.restore_frozen_weights()
    assert loaded.weight.tolist() == [1, 9, 3, 9]
    assert (loaded.mapping == 0).tolist() == [True, False, False, False]


@pytest.mark.parametrize("learn_beta", [False, True])
def test_beta_rises_within_a_task_unless_it_is_learned(learn_beta: bool) -> None:
    group = RelevanceMappings([torch.zeros(2, 2)], 10.0, learn_beta, "normal", 0.02)
    group.begin_task()
    seen = []
    for step in range(3):
        group.tighten(1000.0, step=step, steps=3)
        seen.append(group.beta.flatten().tolist())
    assert seen == [[10], [10], [10]] if learn_beta else [[10], [100], [1000]]
    with torch.no_grad():
        group.beta.fill_(77.0)
    group.finish_task()
    assert group.beta.flatten().tolist() == [77]
    group.begin_task()
    assert group.beta.flatten().tolist() == [10]


@given(st.lists(st.integers(1, 2 * CACHE_SIZE), min_size=1, max_size=8))
def test_only_layers_that_fit_the_cache_share_a_group(sizes: list[int]) -> None:
    weights = [torch.empty(size) for size in sizes]
    groups = list(group_layers(weights))
    assert [index for group in groups for index in group] == list(range(len(sizes)))
    totals = [sum(sizes[index] for index in group) for group in groups]
    for group, total in zip(groups, totals, strict=True):
        assert total <= CACHE_SIZE or len(group) == 1
    for total, follower in zip(totals, groups[1:], strict=False):
        assert total + sizes[follower.start] > CACHE_SIZE


def test_types_do_not_mix() -> None:
    weights = [torch.empty(3), torch.empty(3), torch.empty(3, dtype=torch.double)]
    assert list(group_layers(weights)) == [range(2), range(2, 3)]


def test_off_the_processor_all_share_a_group() -> None:
    weights = [torch.empty(size, device="meta") for size in (CACHE_SIZE, CACHE_SIZE, 3)]
    assert list(group_layers(weights)) == [range(3)]


@pytest.mark.parametrize("learn_beta", [False, True])
@pytest.mark.parametrize("penalised", [False, True])
def test_groups_in_one_pass_are_what_they_are_one_by_one(learn_beta: bool, penalised: bool) -> None:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 64, 3), nn.Conv2d(64, 256, 3), nn.Conv2d(256, 64, 1)]
    convolutions = nn.Sequential(*layers).to(memory_format=torch.channels_last)
    model = convert(convolutions, learn_beta=learn_beta, biases="none")
    groups = model.mappings
    assert [len(group.views) for group in groups] == [1, 1, 1]
    model.begin_task(0, [])
    model.finish_task()
    model.begin_task(1, [])
    if penalised:
        set_penalty_weights(groups, l0_weight=1.0, l0_scarcity=1.0, overlap_weight=0.5)
    results: list[list[Tensor]] = []
    for compute in (compute_soft_weights, compute_soft_weights_jointly):
        model.zero_grad()
        penalty = compute(groups, concatenate_views(group.views for group in groups))
        soft = [weight for group in groups for weight in group.soft_weights]
        torch.autograd.backward(penalty + torch.stack([(s**3).sum() for s in soft]).sum())
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        assert len(gradients) == len(list(model.parameters()))
        results.append([penalty.detach(), *(s.detach() for s in soft), *gradients])
    assert bool(results[0][0]) == penalised
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other)
        assert one.stride() == other.stride()
