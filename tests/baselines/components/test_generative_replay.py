"""Generated examples are labelled by what was learned of the tasks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import Tensor, nn

from baselines.components.generative_replay import LabellingReplayPlugin
from baselines.components.per_task import PerTaskNetwork, with_head_per_task
from baselines.context import Context, Norm
from baselines.generative_replay import GenerativeReplay
from harness.data.streams import Stream
from harness.training.networks import NETWORKS

OWN = {0: {4, 1}, 1: {0}}
SHARED = {0: {0, 1, 2}, 1: {0, 1, 2}}


def plugin(learned: dict[int, set[int]]) -> LabellingReplayPlugin:
    made = LabellingReplayPlugin(SimpleNamespace(model=nn.Identity()))
    made.learned = learned
    return made


def test_labels_are_the_largest_outputs_of_learned_tasks() -> None:
    """A network that passes on what it is given, in place of the classifier."""
    logits = torch.randn(50, 7, generator=torch.Generator().manual_seed(0))
    labels, tasks = plugin(OWN).labelled(nn.Identity(), logits)
    for row, label, task in zip(logits.tolist(), labels.tolist(), tasks.tolist(), strict=True):
        assert label == max((4, 1, 0), key=row.__getitem__)
        assert label in OWN[task]
    anything, _ = plugin({0: set(range(7))}).labelled(nn.Identity(), logits)
    assert torch.equal(anything, logits.argmax(1))


def test_a_classifier_that_needs_the_task_is_asked_under_each() -> None:
    torch.manual_seed(0)
    model: Any = PerTaskNetwork(with_head_per_task(nn.Linear(4, 3, bias=False)))
    for task in (0, 1, 2):
        model.adaptation(SimpleNamespace(task_labels=[task]))
    x = torch.randn(50, 4)
    labels, tasks = plugin(SHARED).labelled(model.eval(), x)
    for n in range(len(x)):
        pairs = {
            (t, c): float(model(x[n : n + 1], t)[0, c].detach()) for t in (0, 1) for c in range(3)
        }
        assert (int(tasks[n]), int(labels[n])) == max(pairs, key=pairs.__getitem__)
    assert set(tasks.tolist()) == {0, 1}


class Batches(SupervisedPlugin):
    """Inputs, classes and task labels of each batch of the third task, as they go forward."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[Tensor]] = []

    def before_forward(self, strategy: Any, **kwargs: Any) -> None:
        if strategy.clock.train_exp_counter == 2:
            self.seen.append(list(strategy.mbatch))


def test_it_is_refused_where_images_are_not_those_of_its_generator() -> None:
    others = {name for name, one in NETWORKS.items() if one.input_shape != (1, 28, 28)}
    assert GenerativeReplay.unsuited_networks == others


def test_what_looks_at_the_method_does_not_look_at_its_generator(
    context: Context, stream: Stream
) -> None:
    """Curves and learning rates are the classifier's; how long it learns, the generator's too."""
    watching = Batches()
    context = replace(context, plugins=(*context.plugins, watching), epochs=1)
    strategy = GenerativeReplay().build(context)
    [replay] = [one for one in strategy.plugins if isinstance(one, LabellingReplayPlugin)]
    generator = replay.generator_strategy
    assert watching not in generator.plugins
    assert set(context.shared_plugins) <= set(generator.plugins)
    strategy.train_epochs = 3
    strategy.train(stream.experiences[0])
    assert generator.clock.train_exp_epochs == strategy.clock.train_exp_epochs == 3


@pytest.mark.parametrize("norm", ["per-task", "shared"])
def test_half_of_each_batch_is_generated_and_of_tasks_before(
    norm: Norm, context: Context, stream: Stream
) -> None:
    classes, recorded = stream.benchmark.classes, Batches()
    torch.manual_seed(0)
    strategy = GenerativeReplay().build(
        replace(context, norm=norm, task_outputs=classes, loss="own", epochs=1)
    )
    strategy.plugins.append(recorded)  # of the classifier alone
    for experience in stream.experiences[:3]:
        strategy.train(experience, reset_optimizer_state=True)
    replayed = set()
    for x, y, tasks in recorded.seen:
        assert len(x) == len(y) == len(tasks)
        half = len(x) // 2
        assert set(tasks[:half].tolist()) == {2}
        assert (tasks.dtype, y.dtype) == (torch.int64, torch.int64)
        pairs = set(zip(tasks[half:].tolist(), y[half:].tolist(), strict=True))
        assert all(label in classes[task] for task, label in pairs)
        replayed |= pairs
    assert {task for task, _ in replayed} == {0, 1}
