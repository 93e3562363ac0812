"""What every evaluation is made of: forward passes in batches, allowed outputs and shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from harness.config.benchmarks import Benchmark
from harness.storage.schema import Row

EVALUATION_BATCH: Final = 500
"""Examples per forward pass."""


def class_table(benchmark: Benchmark) -> Tensor:
    """Which outputs stand for classes of each task, bool, (tasks, outputs)."""
    table = torch.zeros(benchmark.tasks, benchmark.outputs, dtype=torch.bool)
    for task, outputs in enumerate(benchmark.task_outputs):
        table[task, list(outputs)] = True
    return table


def in_batches(
    function: Callable[[Tensor], Tensor], x: Tensor, dim: int = 0, size: int = EVALUATION_BATCH
) -> Tensor:
    """`function` of the inputs, at most `size` at a time, concatenated.

    Args:
        function: of inputs (n, ...).
        x: all inputs, (N, ...).
        dim: dimension of the results along which the examples lie.
        size: examples at a time.
    """
    return torch.cat([function(part) for part in torch.split(x, size)], dim)


def accuracy_row(logits: Tensor, classes: Tensor, y: Tensor, scenario: str) -> Row:
    """Accuracy of the best class among some.

    Args:
        logits: (n, outputs).
        classes: which outputs may be chosen, bool, (outputs,).
        y: right classes, (n,).
        scenario: under which it was measured.
    """
    predicted = logits.masked_fill(~classes, -torch.inf).argmax(-1)
    return {"metric": "accuracy", "scenario": scenario, "value": share(predicted == y)}


def share(flags: Tensor) -> float:
    """Share of the flags (n,) that are set."""
    return flags.double().mean().item()
