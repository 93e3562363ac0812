"""FRCL without task labels: when a task is finished, and what is kept of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from baselines.components.gaussian_process.stream_training import (
    StreamFunctionTraining,
    StreamInducingPointPlugin,
)
from baselines.context import Context
from baselines.frcl_unsupervised import FRCLUnsupervised
from harness.contract.subject import Subject
from harness.data.streams import Stream
from rmn.unsupervised.switch_detection import BatchOutputs, SwitchDetector

POINTS = 20


class Told(SwitchDetector):
    """Finds a switch in the batches whose numbers it is told, and remembers what it was shown."""

    def __init__(self, *switches: int) -> None:
        super().__init__()
        self.told = switches
        self.shown: list[BatchOutputs] = []

    def novelty_score(self, outputs: BatchOutputs) -> Tensor:
        return outputs.logits.new_zeros(len(outputs.logits))

    def detect_switch(self, outputs: BatchOutputs) -> bool:
        self.shown.append(outputs)
        return len(self.shown) in self.told  # the first batch begins a task untested


@pytest.fixture
def made(context: Context) -> tuple[StreamFunctionTraining, Told]:
    """Told of a switch in the ninth batch: of 256 examples in batches of 32."""
    torch.manual_seed(0)
    strategy = FRCLUnsupervised(per_task=POINTS).build(replace(context, epochs=1))
    assert isinstance(strategy, StreamFunctionTraining)
    told = Told(8)
    strategy.functions.detector = told
    return strategy, told


def images(dataset: Any) -> Tensor:
    return torch.stack([x for x, *_ in dataset])


def test_a_task_is_finished_where_the_detector_says_so(
    made: tuple[StreamFunctionTraining, Told], stream: Stream
) -> None:
    strategy, told = made
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    assert strategy.switches == [0, 8]
    assert strategy.model.available_tasks == [0, None]
    assert len(told.shown) == 15
    assert all((one.y < 2).all() for one in told.shown[:7])
    assert strategy.functions.stored_examples == 2 * POINTS
    x = stream.test[0].inputs()[:4]
    assert strategy.logits_per_task(x).shape == (2, 4, 10)


def test_its_inducing_points_are_examples_of_it_alone(
    made: tuple[StreamFunctionTraining, Told], stream: Stream
) -> None:
    strategy, _ = made
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    [kept] = strategy.functions.kept
    own = {image.numpy().tobytes() for image in images(stream.experiences[0].dataset)}
    assert len(kept) == POINTS
    assert {image.numpy().tobytes() for image in kept} <= own


def test_a_finished_task_is_still_answered_when_the_next_was_learned(
    made: tuple[StreamFunctionTraining, Told], stream: Stream
) -> None:
    strategy, _ = made
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    strategy.model.eval()
    for task, data in enumerate(stream.test[:2]):
        with torch.no_grad():
            logits = strategy.logits_per_task(data.inputs())[task]
        assert (logits.argmax(1) == data.images.labels).float().mean() > 0.9


def test_the_loss_has_the_divergences_over_the_size_of_a_task(
    context: Context, stream: Stream
) -> None:
    """By the difference between two sizes that a task is taken to have."""
    losses = []
    for size in (100, 1000):
        torch.manual_seed(0)
        strategy = FRCLUnsupervised(task_examples=size).build(replace(context, batch_size=256))
        plugin: Any = Recorder()
        strategy.plugins.append(plugin)
        strategy.train_epochs = 1
        strategy.train(stream.experiences[0])
        losses += plugin.losses
    prior = plugin.divergence
    assert losses[0] - losses[1] == pytest.approx(prior * (1 / 100 - 1 / 1000), rel=1e-3)


class Recorder:
    """Asked by Avalanche for each of its events; records the first loss and divergence."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.divergence = 0.0

    def after_backward(self, strategy: StreamFunctionTraining, **kwargs: object) -> None:
        self.losses.append(float(strategy.loss.detach()))
        self.divergence = float(strategy.model.head.divergence(1.0).detach())


def test_one_example_is_learned_by_running_statistics(
    made: tuple[StreamFunctionTraining, Told], stream: Stream
) -> None:
    strategy, _ = made
    strategy.train(stream.experiences[0])
    data = stream.test[0]
    strategy.mbatch = [data.inputs()[:1], data.images.labels[:1]]
    assert strategy.forward().shape == (1, 10)
    assert strategy.model.training


def test_it_detects_the_tasks_of_a_stream_of_digits() -> None:
    subject = Subject(FRCLUnsupervised)
    rows = subject.outcome(tasks=2, train_examples=512, test_examples=50).rows
    boundary, switch = (
        rows[rows["metric"] == name]["value"].tolist() for name in ("border", "switch")
    )
    assert boundary == [0, 160]
    assert switch[0] == 0
    assert len(switch) == 2
    assert 0 <= switch[1] - boundary[1] <= 10


def test_its_plugin_counts_the_points_of_the_task_that_it_learns() -> None:
    plugin = StreamInducingPointPlugin(
        detector=Told(), per_task=3, task_examples=1, prior_variance=1.0, jitter=1e-3, seed=0
    )
    assert plugin.stored_examples == 0
    plugin.reservoir.add(torch.randn(2, 4))
    plugin.kept.append(torch.randn(3, 4))
    assert plugin.stored_examples == 5
