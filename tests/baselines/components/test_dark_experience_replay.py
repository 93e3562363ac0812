"""DER++ against a slow reference: its losses, its stored logits, and both strengths at zero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.dark_experience_replay import (
    DarkExperienceReplayPlugin,
    squared_distance,
)
from baselines.components.losses import OutputsSeenPlugin
from baselines.context import Context
from baselines.derpp import DarkExperienceReplay
from baselines.naive import Naive
from harness.data.streams import Stream

PAIRS = tuple((2 * task, 2 * task + 1) for task in range(5))

Loss = Literal["own", "seen", "all"]


def test_the_distance_is_the_mean_over_the_logits_that_count() -> None:
    logits, targets = torch.randn(2, 4, 3)
    counted = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
    differences = [
        (float(logits[i, j]) - float(targets[i, j])) ** 2
        for i in range(4)
        for j in range(3)
        if counted[i, j]
    ]
    expected = sum(differences) / len(differences)
    assert squared_distance(logits, targets, counted).item() == pytest.approx(expected, rel=1e-5)


class Recomputed(SupervisedPlugin):
    """The loss of each batch, computed slowly from the same drawn examples, beside the plugin's."""

    def __init__(self, alpha: float, beta: float) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.pairs: list[tuple[float, float]] = []

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        memory = memory_of(strategy)
        self.state = memory.generator.get_state()

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        memory = memory_of(strategy)
        if not memory.columns:
            return
        memory.generator.set_state(self.state)
        size = memory.sample or len(strategy.mb_y)
        first, second = memory.draw(size), memory.draw(size)
        expected = strategy._criterion(strategy.mb_output, strategy.mb_y).item()
        x = torch.cat([first[0], second[0]])
        labels = torch.cat([first[2], second[2]])
        with torch.no_grad():
            answers = avalanche_forward(strategy.model, x, labels)
        squares = [
            float(answers[row, output] - first[3][row, output]) ** 2
            for row in range(size)
            for output in first[4][row].nonzero().flatten().tolist()
        ]
        expected += self.alpha * sum(squares) / len(squares)
        expected += self.beta * strategy._criterion(answers[size:], second[1]).item()
        self.pairs.append((strategy.loss.item(), expected))


def memory_of(strategy: SupervisedTemplate) -> DarkExperienceReplayPlugin:
    [memory] = [p for p in strategy.plugins if isinstance(p, DarkExperienceReplayPlugin)]
    return memory


def build(method: DarkExperienceReplay | Naive, context: Context, loss: Loss) -> SupervisedTemplate:
    torch.manual_seed(0)
    plugins = (*context.plugins, OutputsSeenPlugin())
    return method.build(replace(context, loss=loss, task_outputs=PAIRS, plugins=plugins))


def train(strategy: SupervisedTemplate, stream: Stream, tasks: int = 3) -> nn.Module:
    for experience in stream.experiences[:tasks]:
        strategy.train(experience, reset_optimizer_state=True)
    model: nn.Module = strategy.model
    return model


@pytest.mark.parametrize(
    ("loss", "sample"), [("own", None), ("seen", None), ("all", None), ("seen", 12)]
)
def test_the_loss_is_that_of_a_slow_reference(
    loss: Loss, sample: int | None, context: Context, stream: Stream
) -> None:
    method = DarkExperienceReplay(alpha=0.3, beta=0.6, per_task=9, sample=sample)
    strategy = build(method, context, loss)
    recomputed = Recomputed(0.3, 0.6)
    strategy.plugins.append(recomputed)
    train(strategy, stream)
    assert len(recomputed.pairs) == 2 * 2 * 8
    for found, expected in recomputed.pairs:
        assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "counted"),
    [
        ("own", [[0, 1], [2, 3]]),
        ("seen", [[0, 1], [0, 1, 2, 3]]),
        ("all", [list(range(10)), list(range(10))]),
    ],
)
def test_logits_are_those_at_test_after_the_task_and_count_over_the_outputs_of_its_loss(
    loss: Loss, counted: list[list[int]], context: Context, stream: Stream
) -> None:
    strategy = build(DarkExperienceReplay(per_task=9), context, loss)
    model = train(strategy, stream, 2).eval()
    memory = memory_of(strategy)
    assert [own.tolist() for own in memory.outputs] == counted
    x = torch.stack([memory.kept[1][number][0] for number in range(9)])
    with torch.no_grad():
        expected: Tensor = model(x)
    assert torch.allclose(memory.logits[1], expected, atol=1e-5)


def test_logits_of_examples_that_are_forgotten_are_forgotten(
    context: Context, stream: Stream
) -> None:
    strategy = build(DarkExperienceReplay(in_all=8), context, "all")
    train(strategy, stream, 1)
    [first] = memory_of(strategy).logits
    train(strategy, stream, 2)  # of the first task once more, as another
    memory = memory_of(strategy)
    assert torch.equal(memory.logits[0], first[:2])
    assert [len(logits) for logits in memory.logits] == [2, 2, 2]


def test_with_neither_part_it_is_naive_bit_for_bit(context: Context, stream: Stream) -> None:
    method = DarkExperienceReplay(alpha=0.0, beta=0.0)
    ours = train(build(method, context, "seen"), stream).state_dict()
    plain = train(build(Naive(), context, "seen"), stream).state_dict()
    assert ours.keys() == plain.keys()
    assert [name for name, value in plain.items() if not torch.equal(value, ours[name])] == []
