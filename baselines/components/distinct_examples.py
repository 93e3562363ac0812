"""Which of a task's examples are the same.

A stream without task labels shows each example several times, and what a method takes for a task's
data set lists it as often.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def identities(dataset: Any) -> Tensor:
    """A number for each example of a data set, equal where they are the same, (n,), int64.

    Args:
        dataset: of Avalanche. Those of `harness` know which are the same; of others all examples
            are taken for different ones.
    """
    known = getattr(dataset, "identities", None)
    return known() if known else torch.arange(len(dataset))


def distinct(dataset: Any) -> list[int]:
    """Numbers of the examples of a data set, each once: where it comes first."""
    found: dict[int, int] = {}
    for place, identity in enumerate(identities(dataset).tolist()):
        found.setdefault(identity, place)
    return list(found.values())
