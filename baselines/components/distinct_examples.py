"""Which of a task's examples are the same.

A stream without task labels shows each example several times, and what a method takes for a task's
data set lists it as often.
"""

from __future__ import annotations

from typing import Any

import numpy as np
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


def distinct(dataset: Any) -> Tensor:
    """Numbers of the examples of a data set in their order, each once, (k,), int64."""
    _, first = np.unique(identities(dataset).numpy(), return_index=True)
    return torch.from_numpy(np.sort(first))
