"""What the rounding of a mask takes from the accuracy on its task."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

from baselines.interface import HasRelevances
from harness.evaluation.accuracy import class_table, in_batches, share
from harness.evaluation.measurements import Snapshot, register_measurement
from harness.storage.schema import Row


@register_measurement
@torch.no_grad()
def rounding_gap(snapshot: Snapshot) -> Iterator[Row]:
    """Accuracy on the test data of the last task, before its mask was rounded minus after.

    The task is given, and the answers are among its classes.
    """
    strategy, after, device = snapshot.strategy, snapshot.after, snapshot.device
    if not isinstance(strategy, HasRelevances):
        return
    data = snapshot.stream.test[after - 1]
    inputs, y = data.inputs().to(device), data.images.labels.to(device)
    others = ~class_table(snapshot.benchmark)[after - 1].to(device)
    snapshot.strategy.model.eval()
    accuracy = []
    with torch.autocast(device.type, enabled=False):
        for rounded in (False, True):
            logits = in_batches(partial(strategy.newest_logits, rounded=rounded), inputs)
            predicted = logits.masked_fill(others, -torch.inf).argmax(-1)
            accuracy.append(share(predicted == y))
    soft, hard = accuracy
    yield {"metric": "rounding_gap", "after": after, "task": after, "value": soft - hard}
