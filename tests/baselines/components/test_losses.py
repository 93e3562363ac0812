"""Losses over some of the outputs against plain cross-entropy on those outputs alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.components.losses import OutputsSeen, OutputsSeenPlugin, OwnOutputs
from baselines.context import Context
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.streams import Stream, make_stream

CPU = torch.device("cpu")
TASKS = ((4, 1), (0,), (5, 2, 3))
"""Outputs of three tasks out of seven: number 6 is of none of them."""

LABELS = st.lists(st.sampled_from([output for task in TASKS for output in task]), min_size=1)


def sliced(logits: Tensor, y: Tensor, outputs: Sequence[int]) -> Tensor:
    """The mean cross-entropy of what stands in some of the columns alone."""
    place = torch.tensor([list(outputs).index(label) for label in y.tolist()])
    return F.cross_entropy(logits[:, list(outputs)], place)


@given(LABELS)
def test_own_outputs_are_those_of_each_examples_task(labels: list[int]) -> None:
    """Also where a batch mixes tasks, as those of replay and joint training do."""
    y = torch.tensor(labels)
    logits = torch.randn(len(y), 7, generator=torch.Generator().manual_seed(0), requires_grad=True)
    loss = OwnOutputs(TASKS, 7, CPU)(logits, y)
    own = [next(task for task in TASKS if label in task) for label in labels]
    alone = [sliced(logits[n : n + 1], y[n : n + 1], own[n]) for n in range(len(y))]
    torch.testing.assert_close(loss, torch.stack(alone).mean())
    loss.backward()
    assert logits.grad is not None
    others = torch.tensor([[output not in task for output in range(7)] for task in own])
    assert (logits.grad[others] == 0).all()
    expected = torch.autograd.grad(torch.stack(alone).mean(), logits)[0]
    torch.testing.assert_close(logits.grad, expected)


@pytest.mark.parametrize("seen", [1, 2, 3])
def test_outputs_seen_are_those_of_the_first_tasks(seen: int) -> None:
    outputs = [output for task in TASKS[:seen] for output in task]
    y = torch.tensor(outputs * 2)
    logits = torch.randn(len(y), 7, requires_grad=True)
    criterion = OutputsSeen(TASKS, 7, CPU)
    criterion.seen = seen
    loss = criterion(logits, y)
    torch.testing.assert_close(loss, sliced(logits, y, outputs))
    loss.backward()
    assert logits.grad is not None
    unseen = [output for output in range(7) if output not in outputs]
    assert (logits.grad[:, unseen] == 0).all()
    assert (logits.grad[:, outputs] != 0).any(0).all() or len(outputs) == 1


def test_where_every_output_is_allowed_it_is_cross_entropy() -> None:
    logits, y = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    criterion = OutputsSeen([(0,), (1, 2)], 3, CPU)
    criterion.seen = 2
    assert torch.equal(criterion(logits, y), nn.CrossEntropyLoss()(logits, y))
    assert torch.equal(OwnOutputs([(0, 1, 2)], 3, CPU)(logits, y), nn.CrossEntropyLoss()(logits, y))


class Recorded(SupervisedPlugin):
    """Loss, logits, their gradient and classes of each step, and the task that it was in."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[int, float, Tensor, Tensor, Tensor]] = []

    def before_backward(self, strategy: Any, **kwargs: Any) -> None:
        strategy.mb_output.retain_grad()
        self.loss = float(strategy.loss.detach())

    def after_backward(self, strategy: Any, **kwargs: Any) -> None:
        output, y = strategy.mb_output, strategy.mb_y
        task = strategy.clock.train_exp_counter
        self.steps.append((task, self.loss, output.detach(), output.grad, y))


@pytest.fixture(scope="module", params=[None, 3])
def ordered(request: pytest.FixtureRequest) -> Stream:
    """Three tasks in the order of their labels, or in a random one."""
    budget = TrainingBudget(
        epochs=1, train_examples=64, test_examples=32, tasks=3, class_order=request.param
    )
    return make_stream(BENCHMARKS["split_mnist"], budget, seed=0)


def steps_of(
    name: str, context: Context, stream: Stream, loss: Literal["own", "seen"]
) -> list[tuple[int, float, Tensor, Tensor, Tensor]]:
    recorded = Recorded()
    strategy = methods()[name]().build(
        replace(
            context,
            epochs=1,
            task_outputs=stream.benchmark.task_outputs,
            loss=loss,
            plugins=(*context.plugins, OutputsSeenPlugin(), recorded),
        )
    )
    groups = [list(stream.experiences)] if name == "joint" else stream.experiences
    for group in groups:
        strategy.train(group, reset_optimizer_state=True)
    assert len(recorded.steps) >= 6
    return recorded.steps


@pytest.mark.parametrize("name", ["naive", "joint", "replay", "ewc", "si"])
def test_in_training_the_classes_seen_are_those_of_the_tasks_so_far(
    name: str, context: Context, ordered: Stream
) -> None:
    """EWC and SI add their penalties to the gradients of the weights, not to this loss."""
    for task, loss, logits, gradient, y in steps_of(name, context, ordered, "seen"):
        tasks = ordered.benchmark.classes[: 3 if name == "joint" else task + 1]
        seen = [label for classes in tasks for label in classes]
        assert set(y.tolist()) <= set(seen)
        assert loss == pytest.approx(float(sliced(logits, y, seen)), rel=1e-6)
        unseen = [label for label in range(10) if label not in seen]
        assert (gradient[:, unseen] == 0).all()
        assert (gradient[:, seen] != 0).any(0).all()


@pytest.mark.parametrize("name", ["naive", "joint", "replay"])
def test_in_training_an_example_is_told_from_those_of_its_own_task(
    name: str, context: Context, ordered: Stream
) -> None:
    mixed = False
    for _, loss, logits, gradient, y in steps_of(name, context, ordered, "own"):
        found = []
        for classes in ordered.benchmark.classes:
            mine = torch.isin(y, torch.tensor(classes))
            if mine.any():
                found.append(sliced(logits[mine], y[mine], classes) * mine.sum() / len(y))
                others = [label for label in range(10) if label not in classes]
                assert (gradient[mine][:, others] == 0).all()
        mixed |= len(found) > 1
        assert loss == pytest.approx(float(torch.stack(found).sum()), rel=1e-5)
    assert mixed == (name != "naive")
