"""RMN without task labels on streams that are hard for it: real digits, known boundaries."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor

from harness.training.networks import mlp
from rmn import RelevancePlugin, RMNPlugin, RMNUnsupervised, convert, parameter_groups

BATCH, EPOCHS = 32, 8
Sets = Sequence[tuple[Tensor, Tensor]]


class Stream(SupervisedPlugin):
    """Puts the batches of a stream in place of the strategy's own, and records their events.

    Attributes:
        ends: number of batches until the end of each task.
        seen: size of `mb_y` and of `mb_output` at each `after_training_iteration`.
        learned: whether each batch was learned from.
    """

    def __init__(self, tasks: Sets) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.batches: list[list[Tensor]] = []
        sizes = []
        for x, y in tasks:
            orders = [torch.randperm(len(x), generator=generator) for _ in range(EPOCHS)]
            indices = torch.split(torch.cat(orders), BATCH)
            self.batches += [[x[chosen], y[chosen]] for chosen in indices]
            sizes.append(len(indices))
        self.ends = list(accumulate(sizes))
        self.seen: list[tuple[int, int]] = []
        self.learned: list[bool] = []
        self._learning = False

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        strategy.dataloader = self.batches

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self._learning = True

    def after_training_iteration(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.seen.append((len(strategy.mb_y), len(strategy.mb_output)))
        self.learned.append(self._learning)
        self._learning = False


def untrained(plugins: Sequence[SupervisedPlugin] = (), **settings: Any) -> RMNUnsupervised:
    torch.manual_seed(0)
    model = convert(mlp(10))
    groups = parameter_groups(model, lr=0.002, mapping_lr=0.005)
    settings.setdefault("evaluator", EvaluationPlugin())
    settings.setdefault("rmn", RelevancePlugin(l0_weight=0.3, negative_loss_weight=0.1))
    return RMNUnsupervised(
        model=model,
        optimizer=torch.optim.Adam(groups),
        train_mb_size=BATCH,
        plugins=plugins,
        **settings,
    )


@pytest.fixture
def experience(experiences: Sequence[DatasetExperience]) -> DatasetExperience:
    """Any experience: its batches are replaced by those of a stream."""
    return experiences[0]


def trained(
    experience: DatasetExperience, tasks: Sets, **settings: Any
) -> tuple[RMNUnsupervised, Stream]:
    """A learner that has seen the tasks one after the other, and its stream."""
    stream = Stream(tasks)
    strategy = untrained([stream], **settings)
    strategy.train(experience)
    strategy.model.eval()
    return strategy, stream


def accuracy(strategy: RMNUnsupervised, mask: int, test: tuple[Tensor, Tensor]) -> float:
    x, y = test
    with torch.no_grad():
        predicted = strategy.logits_per_task(x)[mask].argmax(1)
    return (predicted == y).float().mean().item()


def first_part(data: tuple[Tensor, Tensor], examples: int) -> tuple[Tensor, Tensor]:
    return data[0][:examples], data[1][:examples]


def test_it_begins_with_the_first_batch_and_detects_the_second_task(
    experience: DatasetExperience, train_sets: Sets, test_sets: Sets
) -> None:
    strategy, stream = trained(experience, train_sets[:2])
    assert strategy.switches[0] == 0
    assert len(strategy.switches) == 2
    assert 0 <= strategy.switches[1] - stream.ends[0] <= 10
    assert accuracy(strategy, 0, test_sets[0]) > 0.95
    assert accuracy(strategy, 1, test_sets[1]) > 0.9
    statistics = strategy.mask_statistics()
    for name, mask in strategy.masks().items():
        assert mask.dtype == torch.bool
        assert len(mask) == len(statistics[name]) == 2


def test_one_task_is_one_mask(
    experience: DatasetExperience, train_sets: Sets, test_sets: Sets
) -> None:
    strategy, _ = trained(experience, train_sets[:1])
    assert strategy.switches == [0]
    assert accuracy(strategy, 0, test_sets[0]) > 0.95


def test_a_task_that_comes_back_finds_its_old_mask(
    experience: DatasetExperience, train_sets: Sets, test_sets: Sets
) -> None:
    first, second = train_sets[:2]
    strategy, stream = trained(experience, [first, second, first])
    assert len(strategy.switches) == 2
    assert abs(strategy.switches[1] - stream.ends[0]) <= 10
    assert accuracy(strategy, 0, test_sets[0]) > 0.95


def test_tasks_may_differ_much_in_length(
    experience: DatasetExperience, train_sets: Sets, test_sets: Sets
) -> None:
    first, second = train_sets[:2]
    strategy, stream = trained(experience, [first, first_part(second, 64), first, second])
    assert strategy.switches[0] == 0
    assert stream.ends[0] <= strategy.switches[1] <= stream.ends[0] + 10
    assert len(strategy.switches) <= 3
    assert accuracy(strategy, 0, test_sets[0]) > 0.95
    masks = range(len(strategy.switches))
    assert max(accuracy(strategy, mask, test_sets[1]) for mask in masks) > 0.9


def test_a_switch_in_the_very_first_batches_is_no_error(
    experience: DatasetExperience, train_sets: Sets, test_sets: Sets
) -> None:
    strategy, _ = trained(experience, [first_part(train_sets[0], 4), train_sets[1]])
    assert strategy.switches[0] == 0
    assert accuracy(strategy, len(strategy.switches) - 1, test_sets[1]) > 0.9


def test_a_constant_input_is_one_task(experience: DatasetExperience, train_sets: Sets) -> None:
    x, y = train_sets[0]
    grey = torch.full_like(x, 0.5), torch.full_like(y, int(y[0]))  # no statistic has a variance
    strategy, _ = trained(experience, [grey])
    assert strategy.switches == [0]
    assert torch.isfinite(strategy.logits_per_task(grey[0][:4])).all()


def test_the_end_of_every_batch_is_an_event_also_of_those_not_learned_from(
    experience: DatasetExperience, train_sets: Sets
) -> None:
    first, second = train_sets[:2]
    evaluator = EvaluationPlugin(accuracy_metrics(minibatch=True))
    strategy, stream = trained(experience, [first, second, first], evaluator=evaluator)
    assert len(stream.seen) == len(stream.batches) == strategy.clock.train_iterations
    assert all(classes == outputs for classes, outputs in stream.seen)
    events = zip(stream.seen, stream.learned, strict=True)
    skipped = [seen for seen, learned in events if not learned]
    assert skipped  # the first task is known when it comes back
    assert set(skipped) == {(BATCH, BATCH)}  # they are shown whole
    assert set(stream.learned[: stream.ends[0]]) == {True}
    (values,) = evaluator.get_all_metrics().values()
    assert len(values[1]) == len(stream.batches)


def test_beta_rises_from_each_switch_on(experience: DatasetExperience, train_sets: Sets) -> None:
    betas: list[float] = []

    class Record(SupervisedPlugin):
        def before_forward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
            betas.append(float(strategy.model.mappings[0].beta))

    stream = Stream(train_sets[:2])
    strategy = untrained([stream, Record()], tightening_steps=3)
    strategy.train(experience)
    starts = [step for step, beta in enumerate(betas) if beta == 50]
    assert len(starts) == len(strategy.switches) == 2
    for start in starts:
        assert betas[start : start + 4] == pytest.approx([50, 100_000**0.5, 2000, 2000])


def test_a_loaded_network_goes_on_with_the_mask_that_it_was_learning(
    experience: DatasetExperience, train_sets: Sets, test_sets: Sets
) -> None:
    first, stream = trained(experience, train_sets[:2], tightening_steps=400)
    assert len(first.switches) == 2
    steps = sum(stream.learned[first.switches[1] :])
    masks = {name: mask.clone() for name, mask in first.masks().items()}
    beta = float(first.model.mappings[0].beta)
    second = untrained([Stream([first_part(train_sets[1], 8)])], tightening_steps=400)
    second.model.load_state_dict(first.model.state_dict())
    for group in second.optimizer.param_groups:
        group["lr"] = 0.0
    second.train(experience)
    for name, mask in second.masks().items():
        assert torch.equal(mask, masks[name])
    assert accuracy(second, 1, test_sets[1]) > 0.9
    assert second.switches == [0]
    assert beta <= float(second.model.mappings[0].beta) <= beta * 1.1
    assert abs(second._steps_since_switch - steps) <= 8
    assert {len(one) for one in second.mask_statistics().values()} == {1}
    second.rmn.finish_task(second)
    second._begin_mask()
    second.rmn.finish_task(second)
    assert second.model.labels == [0, 1, 2]


def test_pruning_is_an_option(experience: DatasetExperience, train_sets: Sets) -> None:
    for window, expected in ((None, False), (10, True)):
        strategy, _ = trained(experience, train_sets[:1], convergence_window=window)
        assert any(bool(one.pruned.any()) for one in strategy.model.mappings) == expected


def test_a_batch_that_is_not_learned_from_changes_nothing(train_sets: Sets) -> None:
    strategy = untrained()
    x, y = train_sets[0]
    strategy.mbatch = [x[:BATCH], y[:BATCH]]
    strategy._begin_mask()
    tensors = [*strategy.model.parameters(), *strategy.model.buffers()]
    before = [tensor.clone() for tensor in tensors]
    strategy._evaluate_batch()
    assert all(map(torch.equal, tensors, before))
    assert strategy.model.training
    assert strategy.mb_output.shape == (BATCH, 10)
    assert strategy.loss.isfinite()


@pytest.mark.parametrize("name", ["presence_threshold", "min_unknown_share", "min_probability"])
def test_impossible_shares_are_named(name: str) -> None:
    settings: dict[str, Any] = {name: 2.0}
    with pytest.raises(ValueError, match=f"{name} is 2.0"):
        untrained(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rmn": RMNPlugin()}, r"finds tasks itself.*rmn=RelevancePlugin\("),
        ({"rmn": {"l0_weight": 1.0}}, r"rmn=RelevancePlugin\("),
        ({"detector": "loss"}, r"detector is 'loss'; give a SwitchDetector"),
    ],
)
def test_what_is_no_plugin_or_detector_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        untrained(**settings)


def test_an_unknown_filter_is_named() -> None:
    with pytest.raises(ValueError, match=r"filter_by is 'labels'; use one of \('label', "):
        untrained(filter_by="labels")


def test_an_impossible_number_of_steps_is_named() -> None:
    with pytest.raises(ValueError, match="tightening_steps is 0"):
        untrained(tightening_steps=0)


def test_a_batch_of_one_example_is_refused() -> None:
    model = convert(mlp(10))
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.raises(ValueError, match="BatchNorm needs at least 2"):
        RMNUnsupervised(model=model, optimizer=optimizer, train_mb_size=1)
