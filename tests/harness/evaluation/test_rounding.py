"""What rounding takes from a task, with a strategy whose answers are known."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.config.benchmarks import BENCHMARKS
from harness.evaluation.measurements import Snapshot
from harness.evaluation.rounding import rounding_gap


class Data:
    """Four examples of the classes 2 and 3."""

    class images:  # noqa: N801 - as the data have it
        labels = torch.tensor([2, 3, 2, 3])

    @staticmethod
    def inputs() -> Tensor:
        return torch.tensor([2.0, 3.0, 2.0, 2.0])


class Strategy:
    """Answers with its input while soft; rounded, always with class 2; class 0 is most likely."""

    model = nn.Identity()

    def masks(self) -> dict[str, Tensor]:
        return {}

    def mask_statistics(self) -> dict[str, Any]:
        return {}

    def newest_logits(self, x: Tensor, *, rounded: bool) -> Tensor:
        answers = torch.full_like(x, 2) if rounded else x
        logits = F.one_hot(answers.long(), 10).float()
        logits[:, 0] = 5
        return logits


def snapshot(strategy: object) -> Snapshot:
    stream = type("Stream", (), {"test": (None, Data())})()
    benchmark = BENCHMARKS["split_mnist"].first(2)
    return Snapshot(cast(Any, strategy), benchmark, cast(Any, stream), 2, torch.device("cpu"))


def test_the_gap_by_hand() -> None:
    strategy = Strategy()
    strategy.model.train()
    [row] = rounding_gap(snapshot(strategy))
    assert row == {"metric": "rounding_gap", "after": 2, "task": 2, "value": 0.75 - 0.5}
    assert not strategy.model.training


def test_only_relevances_are_rounded() -> None:
    other = type("Other", (), {"model": nn.Identity(), "masks": lambda self: {}})()
    assert list(rounding_gap(snapshot(other))) == []
