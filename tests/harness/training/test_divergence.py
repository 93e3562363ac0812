"""A run whose numbers are no longer finite ends, and says where."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from harness.training.divergence import DivergedError, DivergenceGuard, check_logits

NOT_FINITE = [math.nan, math.inf, -math.inf]


def strategy(loss: float, model: nn.Module | None = None) -> Any:
    return SimpleNamespace(loss=torch.tensor(loss), model=model or nn.Linear(2, 2))


@pytest.mark.parametrize("loss", NOT_FINITE)
def test_one_loss_of_an_epoch_ends_it(loss: float) -> None:
    guard = DivergenceGuard(lambda: "task 2/5, epoch 1/3")
    for value in (1.0, loss, 1.0):  # a later finite one does not make up for it
        guard.after_backward(strategy(value))
    with pytest.raises(DivergedError, match="task 2/5, epoch 1/3: a loss is not finite"):
        guard.after_training_epoch(strategy(1.0))


def test_each_epoch_is_judged_by_its_own_losses() -> None:
    guard = DivergenceGuard(lambda: "here")
    guard.after_backward(strategy(math.nan))
    with pytest.raises(DivergedError):
        guard.check(strategy(1.0))
    guard.after_backward(strategy(1.0))
    guard.check(strategy(1.0))
    guard.after_training_epoch(strategy(1.0))  # no batch since


@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_parameter_that_is_not_finite_is_named(value: float) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    guard = DivergenceGuard(lambda: "here")
    guard.check(strategy(1.0, model))
    with torch.no_grad():
        model.get_parameter("1.bias")[0] = value
    with pytest.raises(DivergedError, match=r"here: 1\.bias is not finite"):
        guard.check(strategy(1.0, model))


def test_a_loss_needs_no_graph_to_be_kept() -> None:
    loss = torch.ones(1, requires_grad=True).sum()
    guard = DivergenceGuard(lambda: "here")
    guard.after_backward(SimpleNamespace(loss=loss))
    assert guard._finite is not None
    assert not guard._finite.requires_grad


@pytest.mark.parametrize("value", NOT_FINITE)
def test_accuracies_are_not_measured_from_such_logits(value: float) -> None:
    logits = torch.zeros(2, 3, 4)
    check_logits(logits, task=0)
    logits[1, 2, 3] = value
    with pytest.raises(DivergedError, match="testing on task 3: a logit is not finite"):
        check_logits(logits, task=2)
