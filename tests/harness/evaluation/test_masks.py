"""Counts of masks by hand and against sets, and masks packed and unpacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from harness.config.benchmarks import BENCHMARKS
from harness.evaluation.masks import mask_rows, masks, packed
from harness.evaluation.measurements import Snapshot
from harness.storage.schema import Row
from rmn.mapping.mask_statistics import MaskStatistics

BY_HAND = {"fc": torch.tensor([[[1, 1, 0], [0, 0, 0]], [[0, 1, 1], [1, 0, 0]]]).bool()}


class WithMasks:
    """A strategy that has learned two tasks."""

    def masks(self) -> Mapping[str, Tensor]:
        return BY_HAND


class WithRelevances(WithMasks):
    """The same, with masks that were rounded."""

    def newest_logits(self, x: Tensor, *, rounded: bool) -> Tensor:
        raise NotImplementedError

    def mask_statistics(self) -> Mapping[str, Sequence[MaskStatistics]]:
        return {"fc": [MaskStatistics(1, 2, 50.0), MaskStatistics(3, 4, 60.0)]}


class Detecting(WithMasks):
    """A strategy that has begun two masks by itself; the second is still learned."""

    @property
    def switches(self) -> Sequence[int]:
        return (0, 7)


def snapshot(strategy: object, after: int) -> Snapshot:
    benchmark = BENCHMARKS["split_mnist"].first(3)
    return Snapshot(cast(Any, strategy), benchmark, cast(Any, None), after, torch.device("cpu"))


def test_counts_by_hand() -> None:
    at = {"layer": "fc", "after": 2}
    assert list(mask_rows(BY_HAND, after=2, first=1)) == [
        {**at, "metric": "weights_used", "value": 4},
        {**at, "metric": "mask_ones", "task": 2, "value": 3},
        {**at, "metric": "mask_overlap", "task": 1, "other": 2, "value": 1},
    ]
    first, used, ones = mask_rows({"fc": BY_HAND["fc"][:1]}, after=1, first=0)
    assert first == {"metric": "weights", "layer": "fc", "value": 6}
    assert (used["value"], ones["value"]) == (2, 2)


@given(st.integers(1, 4), st.integers(0, 2**16), st.data())
def test_counts_against_sets(number: int, seed: int, data: st.DataObject) -> None:
    generator = torch.Generator().manual_seed(seed)
    layers = {
        "a": torch.rand(number, 3, 4, generator=generator) < 0.5,
        "b": torch.rand(number, 2, 3, 2, 2, generator=generator) < 0.2,
    }
    first = data.draw(st.integers(0, number))
    rows = list(mask_rows(layers, after=number + 1, first=first))
    for layer, mask in layers.items():
        kept = [{tuple(at) for at in one.nonzero().tolist()} for one in mask]

        def value(metric: str, layer: str = layer, **at: int) -> float:
            wanted = {"metric": metric, "layer": layer, "after": number + 1, **at}
            [found] = [r["value"] for r in rows if r == {**wanted, "value": r["value"]}]
            return found

        assert value("weights_used") == len(set().union(*kept))
        for newest in range(first, number):
            assert value("mask_ones", task=newest + 1) == len(kept[newest])
            for earlier in range(newest):
                both = len(kept[earlier] & kept[newest])
                assert value("mask_overlap", task=earlier + 1, other=newest + 1) == both
    counted = number - first
    pairs = sum(range(first, number))
    assert len(rows) == 2 * (1 + counted + pairs)


def numbers(rows: Sequence[Row]) -> list[int]:
    return [row["task"] for row in rows if row["metric"] == "mask_ones"]


def test_a_task_with_a_label_brings_one_mask() -> None:
    assert numbers(list(masks(snapshot(WithMasks(), after=2)))) == [2]


def test_masks_that_were_detected_are_counted_when_they_no_longer_change() -> None:
    early, late = (list(masks(snapshot(Detecting(), after))) for after in (2, 3))
    begun = {"metric": "masks", "after": 2, "value": 2}
    assert early[0] == begun
    assert numbers(early) == []
    assert late[0] == {**begun, "after": 3}
    assert numbers(late) == [1, 2]


def test_how_decided_a_mask_was_is_said_once() -> None:
    at = {"layer": "fc", "after": 2, "task": 2}
    rows = list(masks(snapshot(WithRelevances(), after=2)))
    assert rows[-3:] == [
        {**at, "metric": "mask_undecided", "value": 3},
        {**at, "metric": "mask_flipped", "value": 4},
        {**at, "metric": "mask_beta", "value": 60},
    ]
    assert rows[:-3] == list(masks(snapshot(WithMasks(), after=2)))


def test_a_strategy_without_masks_has_no_rows() -> None:
    assert list(masks(snapshot(object(), after=1))) == []


@pytest.mark.parametrize("shape", [(3, 5, 7), (1, 2, 3, 3, 3), (0, 4, 4)])
def test_packed_bits_are_unpacked_to_the_same_masks(shape: tuple[int, ...]) -> None:
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(0)) < 0.5
    arrays = packed({"body.1": mask})
    assert set(arrays) == {"body.1", "body.1.shape"}
    assert arrays["body.1"].nbytes == -(-mask.numel() // 8)
    bits = np.unpackbits(arrays["body.1"], count=mask.numel())
    assert np.array_equal(bits.reshape(arrays["body.1.shape"]), mask.numpy())
