"""Raw measurements of masks, and masks as they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from torch import Tensor

from baselines.interface import DetectsTasks, HasMasks, HasRelevances
from harness.evaluation.measurements import Snapshot, register_measurement
from harness.storage.schema import Row, RowKeys
from rmn.mapping.mask_statistics import MaskStatistics


@register_measurement
def masks(snapshot: Snapshot) -> Iterator[Row]:
    """Number of masks, and the counts of those that the last task brought or changed."""
    strategy, after = snapshot.strategy, snapshot.after
    first = after - 1
    if isinstance(strategy, DetectsTasks):
        begun = len(strategy.switches)
        yield {"metric": "masks", "after": after, "value": float(begun)}
        first = begun if after < snapshot.benchmark.tasks else 0  # the live mask still changes
    if isinstance(strategy, HasMasks):
        yield from mask_rows(strategy.masks(), after, first)
    if isinstance(strategy, HasRelevances):
        yield from relevance_rows(strategy.mask_statistics(), after, first)


def mask_rows(masks: Mapping[str, Tensor], after: int, first: int) -> Iterator[Row]:
    """Counts for the masks from number `first` on, and of the weights that any mask uses.

    Args:
        masks: per layer, (masks, *weight shape), bool.
        after: number of tasks learned.
        first: masks before this one were counted earlier and have not changed since.
    """
    for layer, mask in masks.items():
        flat = mask.flatten(1)
        if after == 1:
            yield {"metric": "weights", "layer": layer, "value": float(flat.shape[1])}
        keys: RowKeys = {"after": after, "layer": layer}
        yield {**keys, "metric": "weights_used", "value": float(flat.any(0).sum())}
        for number in range(first, len(flat)):
            newest = flat[number]
            ones = float(newest.sum())
            yield {**keys, "metric": "mask_ones", "task": number + 1, "value": ones}
            for earlier in range(number):
                shared = float((flat[earlier] & newest).sum())
                pair: RowKeys = {**keys, "task": earlier + 1, "other": number + 1}
                yield {**pair, "metric": "mask_overlap", "value": shared}


def relevance_rows(
    statistics: Mapping[str, Sequence[MaskStatistics]], after: int, first: int
) -> Iterator[Row]:
    """How decided the masks from number `first` on were when they were rounded.

    Args:
        statistics: per layer, of each mask.
        after: number of tasks learned.
        first: masks before this one were measured earlier.
    """
    for layer, masks in statistics.items():
        for number, mask in enumerate(masks[first:], start=first + 1):
            keys: RowKeys = {"after": after, "task": number, "layer": layer}
            yield {**keys, "metric": "mask_undecided", "value": float(mask.undecided)}
            yield {**keys, "metric": "mask_flipped", "value": float(mask.flipped)}
            yield {**keys, "metric": "mask_beta", "value": mask.beta}


def packed(masks: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """The bits of all masks of a layer packed together; `<layer>.shape` has their shape."""
    arrays: dict[str, np.ndarray] = {}
    for layer, mask in masks.items():
        arrays[layer] = np.packbits(mask.cpu().numpy().reshape(-1))
        arrays[f"{layer}.shape"] = np.array(mask.shape)
    return arrays
