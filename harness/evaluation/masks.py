"""Raw measures of masks, and masks as they are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from torch import Tensor

from harness.evaluation.supervised import Row


def mask_rows(masks: Mapping[str, Tensor], after: int, first: int) -> Iterator[Row]:
    """Counts for the masks from number `first` on, and of the weights that any mask uses.

    Args:
        masks: per layer, (masks, *weight shape), bool.
        after: number of tasks learned.
        first: masks before this one were counted earlier and have not changed since.
    """
    for layer, mask in masks.items():
        flat = mask.flatten(1)
        row: Row = {"after": after, "layer": layer}
        if after == 1:
            yield {"metric": "weights", "layer": layer, "value": float(flat.shape[1])}
        yield {**row, "metric": "weights_used", "value": float(flat.any(0).sum())}
        for number in range(first, len(flat)):
            newest = flat[number]
            yield {**row, "metric": "mask_ones", "task": number + 1, "value": float(newest.sum())}
            for earlier in range(number):
                shared = float((flat[earlier] & newest).sum())
                pair: Row = {"task": earlier + 1, "other": number + 1, "value": shared}
                yield {**row, **pair, "metric": "mask_overlap"}


def packed(masks: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """The bits of all masks of a layer packed together; `<layer>.shape` has their shape."""
    arrays: dict[str, np.ndarray] = {}
    for layer, mask in masks.items():
        arrays[layer] = np.packbits(mask.cpu().numpy().reshape(-1))
        arrays[f"{layer}.shape"] = np.array(mask.shape)
    return arrays
