"""Choice of the finished task whose mask a new task may begin from (forward transfer)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.features import last_layer_called
from rmn.tasks.network import TaskNetwork

_RIDGE: Final = 0.1
"""Penalty of the regression, relative to the features' mean square."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the mask of a new task begins from.

    Attributes:
        task: index of a finished task.
        output_layer: the layer whose mask begins at random all the same, since its rows belong to
            classes; None for none.
    """

    task: int
    output_layer: nn.Module | None


@torch.no_grad()
def most_suitable_task(
    network: TaskNetwork, x: Tensor, y: Tensor, *, batch_size: int | None = None
) -> Origin:
    """The learned task whose features tell the classes of new data apart best.

    The inputs of the output layer under each learned task are regressed on the classes in closed
    form (ridge) by every other example, and scored by the accuracy on the rest: the outputs of
    another task say nothing about new classes, its features do.

    Args:
        network: with at least one learned task; evaluated as it is, without training.
        x: inputs of the new task in random order, (n, ...), n at least 2.
        y: their classes, (n,), int64.
        batch_size: inputs that the network is given at a time; None for all at once.

    Returns:
        The first of equally good tasks, and the layer that its logits come of.
    """
    scores = []
    for task in range(network.tasks):
        with last_layer_called(network.body) as call:
            features = []
            for part in torch.split(x, batch_size or len(x)):
                logits = network.forward_task(part, task)
                features.append(call.features(logits))
        scores.append(probe_accuracy(torch.cat(features), y))
    return Origin(int(torch.tensor(scores).argmax()), call.layer)


def probe_accuracy(features: Tensor, y: Tensor) -> float:
    """Accuracy of a ridge regression to the classes, learned on every other example, on the rest.

    Args:
        features: (n, d), n at least 2.
        y: classes, (n,), int64.
    """
    classes, y = torch.unique(y, return_inverse=True)
    features = F.pad(features.double(), (0, 1), value=1.0)
    known, y_known = features[::2], y[::2]
    # in the dual, n/2 equations: d may be that of a whole feature map
    kernel = known @ known.T
    kernel.diagonal().add_(_RIDGE * known.square().sum() / known.shape[1])
    solution = torch.linalg.solve(kernel, F.one_hot(y_known, len(classes)).double())
    predicted = (features[1::2] @ (known.T @ solution)).argmax(-1)
    return float((predicted == y[1::2]).float().mean())
