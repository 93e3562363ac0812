"""Learning without forgetting against distillation written out by hand."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.learning_without_forgetting import distillation
from baselines.components.losses import OutputsSeenPlugin
from baselines.context import Context
from baselines.lwf import LearningWithoutForgetting
from harness.data.streams import Stream

PAIRS = tuple((2 * task, 2 * task + 1) for task in range(5))
ALPHA, TEMPERATURE = 0.7, 2.0


def by_hand(
    student: Tensor, teacher: Tensor, learned: Sequence[int], new: Sequence[int] = ()
) -> float:
    """One example, one output at a time; the teacher gives new outputs no probability."""
    total = 0.0
    for now, before in zip(student.tolist(), teacher.tolist(), strict=True):
        soft = {c: math.exp(before[c] / TEMPERATURE) for c in learned}
        exponentials = {c: math.exp(now[c] / TEMPERATURE) for c in (*learned, *new)}
        for c, target in soft.items():
            share = exponentials[c] / sum(exponentials.values())
            total -= target / sum(soft.values()) * math.log(share)
    return total / len(student)


def test_distillation_is_the_cross_entropy_of_softened_answers() -> None:
    student, teacher = torch.randn(6, 4), torch.randn(6, 4)
    expected = by_hand(student, teacher, range(4))
    assert distillation(student, teacher, TEMPERATURE).item() == pytest.approx(expected, rel=1e-5)


class LastLoss(SupervisedPlugin):
    """Keeps the first batch's network, examples, answers and loss, after all plugins before it."""

    def __init__(self) -> None:
        super().__init__()
        self.loss = math.nan
        self.before: nn.Module | None = None

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        self.before, self.loss = copy.deepcopy(strategy.model), math.nan

    def after_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        if math.isnan(self.loss):
            self.loss = strategy.loss.item()
            self.x, self.y, self.answers = strategy.mb_x, strategy.mb_y, strategy.mb_output.detach()
            self.state = copy.deepcopy(strategy.model.state_dict())


def trained(context: Context, stream: Stream, tasks: int) -> tuple[SupervisedTemplate, LastLoss]:
    torch.manual_seed(0)
    last = LastLoss()
    strategy = LearningWithoutForgetting(alpha=ALPHA, temperature=TEMPERATURE).build(
        replace(context, plugins=(*context.plugins, OutputsSeenPlugin()))
    )
    strategy.plugins.append(last)
    for experience in stream.experiences[:tasks]:
        strategy.train(experience, reset_optimizer_state=True)
    return strategy, last


@pytest.mark.parametrize(
    ("loss", "groups", "new"),
    [
        ("own", PAIRS[:2], ()),
        ("seen", [(0, 1, 2, 3)], (4, 5)),
        ("all", [tuple(range(10))], ()),
    ],
)
def test_the_first_loss_of_a_task_is_that_of_the_task_and_the_distillation(
    loss: Literal["own", "seen", "all"],
    groups: Sequence[Sequence[int]],
    new: Sequence[int],
    context: Context,
    stream: Stream,
) -> None:
    """On one network for all tasks, whose teacher is in evaluation mode."""
    context = replace(context, loss=loss, task_outputs=PAIRS)
    strategy, last = trained(context, stream, 3)
    assert last.before is not None
    with torch.no_grad():
        teacher = last.before.eval()(last.x)
        task = strategy._criterion(last.answers, last.y).item()
    distilled = sum(by_hand(last.answers, teacher, group, new) for group in groups)
    assert last.loss == pytest.approx(task + ALPHA * distilled, rel=1e-4)


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_earlier_tasks_are_distilled_through_their_own_parts(
    head: Literal["shared", "per-task"], context: Context, stream: Stream
) -> None:
    """At the first batch both networks are the same, and so are their answers at test."""
    context = replace(context, norm="per-task", head=head)
    if head == "shared":
        context = replace(context, loss="own", task_outputs=PAIRS)
    strategy, last = trained(context, stream, 3)
    assert last.before is not None
    distilled = 0.0
    with torch.no_grad():
        task = strategy._criterion(last.answers, last.y).item()
        for label in range(2):
            answers = avalanche_forward(last.before.eval(), last.x, label)
            outputs = PAIRS[label] if head == "shared" else range(10)
            distilled += by_hand(answers, answers, outputs)
    assert last.loss == pytest.approx(task + ALPHA * distilled, rel=1e-4)


def test_new_examples_leave_the_statistics_of_earlier_tasks_alone(
    context: Context, stream: Stream
) -> None:
    context = replace(context, norm="per-task", loss="own", task_outputs=PAIRS)
    one, _ = trained(context, stream, 1)
    two, _ = trained(context, stream, 2)
    before, after = one.model.state_dict(), two.model.state_dict()
    statistics = [name for name in before if "running" in name and "copies.0" in name]
    assert len(statistics) == 6
    assert all(torch.equal(before[name], after[name]) for name in statistics)


def test_nothing_is_kept_between_tasks_but_the_numbers_of_outputs(
    context: Context, stream: Stream
) -> None:
    strategy, _ = trained(replace(context, loss="own", task_outputs=PAIRS), stream, 2)
    [plugin] = [p for p in strategy.plugins if hasattr(p, "teacher")]
    assert plugin.teacher is None
    assert {n: own.tolist() for n, own in plugin.learned.items()} == {0: [0, 1], 1: [2, 3]}
