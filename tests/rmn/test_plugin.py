"""What the plugins do around one optimizer step and at the ends of epochs and tasks."""

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, TypeVar

import pytest
import torch
from avalanche.benchmarks import DatasetExperience, benchmark_from_datasets, tensors_benchmark
from avalanche.benchmarks.utils import as_classification_dataset
from avalanche.training.plugins import (
    EvaluationPlugin,
    EWCPlugin,
    FeatureDistillationPlugin,
    GDumbPlugin,
    MASPlugin,
    RARPlugin,
    RWalkPlugin,
    SupervisedPlugin,
)
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import TensorDataset

from harness.training.networks import mlp
from rmn import RMN, RMNPlugin, convert, parameter_groups
from rmn.plugin import relevance_network

Experiences = Sequence[DatasetExperience]
T = TypeVar("T")


class Spy(SupervisedPlugin, Generic[T]):
    """Records something at one of Avalanche's events."""

    def __init__(self, event: str, observe: Callable[[SupervisedTemplate], T]) -> None:
        super().__init__()
        self.records: list[T] = []
        setattr(self, event, lambda strategy, **kwargs: self.records.append(observe(strategy)))


def learner(plugin: RMNPlugin, epochs: int = 1) -> RMN:
    torch.manual_seed(0)
    model = convert(mlp(10))
    return RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        rmn=plugin,
        train_mb_size=64,
        train_epochs=epochs,
        evaluator=EvaluationPlugin(),
    )


def observed(
    experiences: Experiences,
    plugin: RMNPlugin,
    event: str,
    observe: Callable[[SupervisedTemplate], T],
) -> tuple[list[T], list[T]]:
    """What is seen before and after the plugin's turn at each event of the last task."""
    strategy = learner(plugin)
    before, after = Spy(event, observe), Spy(event, observe)
    strategy.plugins.insert(0, before)
    strategy.plugins.append(after)
    for experience in experiences:
        before.records.clear()
        after.records.clear()
        strategy.train(experience)
    return before.records, after.records


def loss_and_penalties(strategy: SupervisedTemplate) -> tuple[float, list[float]]:
    """The loss; over weights that are free, mean relevance and magnitude; the mean overlap."""
    layers = strategy.model.relevance_layers().values()
    used = [layer.masks().sum(0) for layer in layers]
    values = [(layer.relevance.detach(), layer.mapping.detach()) for layer in layers]
    free = torch.cat([(u == 0).flatten() for u in used])
    relevance = torch.cat([r.flatten() for r, _ in values])
    magnitude = torch.cat([m.abs().flatten() for _, m in values])
    overlap = (relevance * torch.cat([u.flatten() for u in used])).mean()
    means = [relevance[free].mean(), magnitude[free].mean(), overlap]
    return float(strategy.loss), [float(mean) for mean in means]


@pytest.mark.parametrize(("name", "place"), [("l0_weight", 0), ("l1_weight", 1)])
def test_the_loss_has_the_penalty_on_free_weights(
    experiences: Experiences, name: Literal["l0_weight", "l1_weight"], place: int
) -> None:
    plugin = RMNPlugin(l0_weight=3.0) if name == "l0_weight" else RMNPlugin(l1_weight=3.0)
    before, after = observed(experiences[:2], plugin, "before_backward", loss_and_penalties)
    for (plain, penalties), (whole, _) in zip(before, after, strict=True):
        assert 0 < penalties[place] < 1
        assert whole - plain == pytest.approx(3.0 * penalties[place], rel=1e-3)


def test_the_loss_has_the_overlap_with_earlier_masks(experiences: Experiences) -> None:
    plugin = RMNPlugin(overlap_weight=3.0)
    before, after = observed(experiences[:3], plugin, "before_backward", loss_and_penalties)
    for (plain, (*_, overlap)), (whole, _) in zip(before, after, strict=True):
        assert overlap > 0
        assert whole - plain == pytest.approx(3.0 * overlap, rel=1e-3)


def test_each_task_starts_with_an_empty_optimizer_state(experiences: Experiences) -> None:
    def state_size(strategy: SupervisedTemplate) -> int:
        return len(strategy.optimizer.state)

    before, _ = observed(experiences[:2], RMNPlugin(), "before_update", state_size)
    assert before[0] == 0
    assert all(before[1:])


def test_negative_samples_do_not_enter_the_statistics(experiences: Experiences) -> None:
    def statistics(strategy: SupervisedTemplate) -> tuple[Tensor, Tensor]:
        norms = [norm for norm in strategy.model.modules() if isinstance(norm, _BatchNorm)]
        means = [norm.running_mean for norm in norms if norm.running_mean is not None]
        mappings = [mappings.mapping.detach().clone() for mappings in strategy.model.mappings]
        return torch.cat(means), torch.cat(mappings)

    plugin = RMNPlugin(negative_loss_weight=1.0)
    before, after = observed(experiences[:1], plugin, "after_update", statistics)
    for (means, mapping), (same, moved) in zip(before, after, strict=True):
        assert torch.equal(means, same)
        assert not torch.equal(mapping, moved)


def beta_of(strategy: SupervisedTemplate) -> float:
    return float(strategy.model.mappings[0].beta)


@pytest.mark.parametrize("epochs", [1, 3])
def test_beta_rises_over_the_steps_of_each_task(experiences: Experiences, epochs: int) -> None:
    strategy = learner(RMNPlugin(beta_end=5000.0), epochs)
    betas = Spy("before_forward", beta_of)
    strategy.plugins.append(betas)
    for experience in experiences[:2]:
        betas.records.clear()
        strategy.train(experience)
        steps = len(betas.records)
        assert steps == 6 * epochs
        expected = torch.logspace(math.log10(50), math.log10(5000), steps, dtype=torch.double)
        assert betas.records == pytest.approx(expected.tolist(), rel=1e-5)
        assert beta_of(strategy) == 5000


def test_beta_can_stay(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin(beta_end=None))
    strategy.train(experiences[0])
    assert beta_of(strategy) == 50


def test_what_is_tight_is_not_changed_by_rounding(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin(), epochs=4)
    strategy.train(experiences[0])
    [group] = strategy.model.mappings
    undecided = (group.relevance > 0.05) & (group.relevance < 0.95)
    assert undecided.float().mean() < 0.15
    loose = learner(RMNPlugin(beta_end=None), epochs=4)
    loose.train(experiences[0])
    [group] = loose.model.mappings
    undecided = (group.relevance > 0.05) & (group.relevance < 0.95)
    assert undecided.float().mean() > 0.5


def test_each_mask_is_held_against_its_first_values(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin())

    def rounded(strategy: SupervisedTemplate) -> dict[str, Tensor]:
        return {name: one.live_mask() for name, one in strategy.model.relevance_layers().items()}

    first = Spy("before_training_epoch", rounded)
    strategy.plugins.append(first)
    for experience in experiences[:2]:
        strategy.train(experience)
    masks, found = strategy.masks(), strategy.mask_statistics()
    assert found.keys() == masks.keys()
    for name, statistics in found.items():
        assert [one.beta for one in statistics] == [2000, 2000]
        flips = [
            int((mask != start[name]).sum())
            for mask, start in zip(masks[name], first.records, strict=True)
        ]
        assert [one.flipped for one in statistics] == flips
        assert all(flips)


@pytest.mark.parametrize("transfer", [True, False])
def test_a_task_begins_from_the_only_finished_mask_if_it_may(
    experiences: Experiences, transfer: bool
) -> None:
    strategy = learner(RMNPlugin(transfer=transfer))
    layer = next(iter(strategy.model.relevance_layers().values()))
    first = Spy("before_training_epoch", lambda strategy: layer.live_mask())
    inputs = Spy("before_training_iteration", lambda strategy: strategy.mb_x)
    strategy.plugins += [first, inputs]
    for experience in experiences[:2]:
        strategy.train(experience)
    assert torch.equal(first.records[1], layer.masks()[0]) is transfer
    plain = learner(RMNPlugin(transfer=not transfer))
    batches = Spy("before_training_iteration", lambda strategy: strategy.mb_x)
    plain.plugins.append(batches)
    for experience in experiences[:2]:
        plain.train(experience)
    assert all(map(torch.equal, inputs.records, batches.records))


def test_numbers_are_learned_from_masks_that_begin_at_random() -> None:
    """No finished mask can suit best where there are no classes to tell apart."""
    torch.manual_seed(0)
    sets = [(torch.randn(64, 6), torch.randn(64)) for _ in range(2)]
    stream = tensors_benchmark(train_tensors=sets, test_tensors=sets, task_labels=[0, 1])
    model = convert(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1)))
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        criterion=lambda output, y: (output.squeeze(1) - y).square().mean(),
        train_mb_size=16,
        train_epochs=1,
        evaluator=EvaluationPlugin(),
    )
    layer = next(iter(model.relevance_layers().values()))
    first: Spy[Tensor] = Spy("before_training_epoch", lambda strategy: layer.live_mask())
    strategy.plugins.append(first)
    for experience in stream.train_stream:
        strategy.train(experience)
    assert model.tasks == 2
    assert not torch.equal(first.records[1], layer.masks()[0])


def test_late_pruning_is_gradual_and_leaves_an_epoch_to_adapt(experiences: Experiences) -> None:
    plugin = RMNPlugin(pruning="late", prune_share=0.5, prune_below=0.6)
    strategy = learner(plugin, epochs=6)
    layer = next(iter(strategy.model.relevance_layers().values()))
    zeros = Spy("after_training_iteration", lambda strategy: int((layer.mapping == 0).sum()))
    flags = Spy("before_training_epoch", lambda strategy: int(layer.pruned.sum()))
    strategy.plugins += [zeros, flags]
    strategy.train(experiences[0])
    first, second, third, fourth, fifth, sixth = flags.records
    assert first == second == third == 0 < fourth <= fifth <= sixth == int(layer.pruned.sum())
    assert fourth < sixth
    batches = len(zeros.records) // 6
    assert zeros.records[-batches:] == [sixth] * batches


def test_a_single_epoch_has_no_late_one(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin(pruning="late", prune_share=1.0), epochs=1)
    strategy.train(experiences[0])
    assert not any(group.pruned.any() for group in strategy.model.mappings)


@pytest.mark.parametrize(("tolerance", "pruned"), [(-1e9, False), (1.0, True)])
def test_pruning_waits_for_convergence(
    experiences: Experiences, tolerance: float, pruned: bool
) -> None:
    plugin = RMNPlugin(pruning="converged", tolerance=tolerance, prune_below=0.5)
    strategy = learner(plugin, epochs=3)
    strategy.train(experiences[0])
    layers = strategy.model.relevance_layers().values()
    assert any(bool(layer.pruned.any()) for layer in layers) == pruned


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD])
def test_weight_decay_of_mappings_is_warned_of(
    experiences: Experiences, kind: Callable[..., torch.optim.Optimizer]
) -> None:
    model = convert(mlp(10))
    optimizer = kind(model.parameters(), weight_decay=0.1)
    evaluator = EvaluationPlugin()
    strategy = RMN(model=model, optimizer=optimizer, evaluator=evaluator)
    with pytest.warns(UserWarning, match="weight decay draws relevance mappings to zero"):
        strategy.train(experiences[0])
    groups = parameter_groups(model, lr=0.01, mapping_lr=0.01)
    optimizer = kind(groups, lr=0.01, weight_decay=0.1)
    strategy = RMN(model=model, optimizer=optimizer, evaluator=evaluator)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*weight decay.*")
        strategy.train(experiences[1])


def bare_experiences() -> Experiences:
    """Two experiences without task labels, that do not say which classes they have."""
    torch.manual_seed(0)
    parts = []
    for _ in range(2):
        data: Any = TensorDataset(torch.randn(64, 784), torch.arange(64) % 2)
        data.targets = data.tensors[1].tolist()
        parts.append(as_classification_dataset(data))
    return tuple(benchmark_from_datasets(train=parts, test=parts).train_stream)


def test_no_outputs_are_closed_to_a_task_of_unknown_classes(experiences: Experiences) -> None:
    def open_outputs(strategy: SupervisedTemplate) -> list[bool]:
        mapping = relevance_network(strategy).relevance_layers()["10"].mapping
        return [bool(row.any()) for row in mapping]

    for experience, expected in (
        (bare_experiences()[0], [True] * 10),
        (experiences[0], [True] * 2 + [False] * 8),
    ):
        strategy = learner(RMNPlugin(own_outputs=True))
        seen = Spy("before_training_epoch", open_outputs)
        strategy.plugins.append(seen)
        strategy.train(experience)
        assert seen.records == [expected]


def test_experiences_without_labels_or_classes_are_learned_and_warned_of() -> None:
    first, second = bare_experiences()
    strategy = learner(RMNPlugin())
    strategy.train(first)
    with pytest.warns(UserWarning, match="task label 0 again"):
        strategy.train(second)
    assert strategy.model.labels == [0, 0]
    assert strategy.model.classes == [[], []]


@pytest.mark.parametrize(
    "kind", [EWCPlugin, FeatureDistillationPlugin, GDumbPlugin, MASPlugin, RARPlugin]
)
def test_plugins_that_cannot_work_beside_it_are_refused_before_training(
    experiences: Experiences, kind: type[SupervisedPlugin]
) -> None:
    needed: dict[type[SupervisedPlugin], dict[str, Any]] = {
        EWCPlugin: {"ewc_lambda": 1.0},
        RARPlugin: {"batch_size_mem": 8},
    }
    strategy = learner(RMNPlugin())
    strategy.plugins.append(kind(**needed.get(kind, {})))
    with pytest.raises(ValueError, match=f"{kind.__name__} cannot work .* leave it out"):
        strategy.train(experiences[0])
    assert strategy.model.available_tasks == []


def test_plugins_that_hold_a_task_to_earlier_ones_are_warned_of(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin())
    strategy.plugins.append(RWalkPlugin())
    with pytest.warns(UserWarning, match="RWalkPlugin holds .* leave it out"):
        strategy.train(experiences[0])


class BestState(SupervisedPlugin):
    """Loads, at one event, the state of the beginning of the last epoch."""

    def __init__(self, event: str) -> None:
        super().__init__()
        self.state: dict[str, Any] = {}
        setattr(self, event, lambda strategy, **_: strategy.model.load_state_dict(self.state))

    def before_training_epoch(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.state = copy.deepcopy(strategy.model.state_dict())


def test_a_state_from_within_a_finished_task_is_refused(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin())
    strategy.train(experiences[0])
    strategy.plugins.append(BestState("after_training_exp"))
    with pytest.raises(RuntimeError, match=r"had finished 2 tasks .*after_training_epoch"):
        strategy.train(experiences[1])
    with pytest.raises(RuntimeError, match="had finished 2 tasks"):
        strategy.train(experiences[2])


def test_states_may_be_loaded_within_their_task_and_between_tasks(experiences: Experiences) -> None:
    strategy = learner(RMNPlugin())
    strategy.plugins.append(BestState("after_training_epoch"))
    strategy.train(experiences[0])
    first = copy.deepcopy(strategy.model.state_dict())
    strategy.train(experiences[1])
    strategy.model.load_state_dict(first)
    strategy.train(experiences[2])
    assert strategy.model.labels == [0, 2]
    fresh = learner(RMNPlugin())
    fresh.model.load_state_dict(strategy.model.state_dict())
    fresh.train(experiences[1])
    assert fresh.model.labels == [0, 2, 1]


def test_impossible_settings_are_named() -> None:
    wrong: Any = "nothing"
    with pytest.raises(ValueError, match=r"negative_samples is 'nothing'; use one of .*noise"):
        RMNPlugin(negative_samples=wrong)
    with pytest.raises(ValueError, match="prune_below is 1"):
        RMNPlugin(prune_below=1.0)
    with pytest.raises(ValueError, match="prune_share is 2"):
        RMNPlugin(prune_share=2.0)
    with pytest.raises(ValueError, match="beta_end is 0"):
        RMNPlugin(beta_end=0.0)
    with pytest.raises(ValueError, match=r"pruning is 'nothing'; use one of .*late"):
        RMNPlugin(pruning=wrong)


def test_statistics_are_of_the_tasks_that_the_network_has(
    experiences: Sequence[DatasetExperience],
) -> None:
    plugin = RMNPlugin()
    first = learner(plugin)
    for experience in experiences[:2]:
        first.train(experience)
    for name, statistics in plugin.statistics.items():
        assert len(statistics) == 2, name
    second = learner(plugin)
    second.train(experiences[0])
    alone = learner(RMNPlugin())
    alone.train(experiences[0])
    assert second.mask_statistics() == alone.mask_statistics()


@pytest.mark.parametrize("number", [math.nan, math.inf])
@pytest.mark.parametrize(
    "name", ["l1_weight", "l0_weight", "l0_scarcity", "overlap_weight", "beta_end", "prune_below"]
)
def test_a_setting_that_is_no_finite_number_is_named(name: str, number: float) -> None:
    settings: Any = {name: number}
    with pytest.raises(ValueError, match=f"{name} is {number}"):
        RMNPlugin(**settings)


def test_a_model_that_was_not_converted_is_refused() -> None:
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    strategy = SupervisedTemplate(model=model, optimizer=optimizer)
    with pytest.raises(TypeError, match=r"Linear; wrap it first: model=rmn\.convert"):
        relevance_network(strategy)
