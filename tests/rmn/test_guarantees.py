"""Finished tasks keep their answers, or what would change them is refused: in Avalanche's loop."""

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin, ReplayPlugin, SupervisedPlugin
from avalanche.training.storage_policy import ReservoirSamplingBuffer
from avalanche.training.supervised import Naive
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from harness.training.networks import mlp
from rmn import RMN, RelevanceNetwork, RMNPlugin, convert

Experiences = Sequence[DatasetExperience]
Sets = list[tuple[Tensor, Tensor]]


def follow(averages: Sequence[Tensor], current: Sequence[Tensor], _: object) -> None:
    """An exponential moving average with a decay of 0.9."""
    torch._foreach_lerp_(list(averages), list(current), 0.1)


def small() -> RelevanceNetwork:
    torch.manual_seed(0)
    layers = [nn.Linear(784, 20), nn.LayerNorm(20), nn.ReLU(), nn.Linear(20, 10)]
    return convert(nn.Sequential(nn.Flatten(), *layers))


def learner(model: nn.Module, plugins: Sequence[SupervisedPlugin] = (), **more: Any) -> RMN:
    settings: dict[str, Any] = {"train_mb_size": 64, "evaluator": EvaluationPlugin(), **more}
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    return RMN(model=model, optimizer=optimizer, plugins=list(plugins), **settings)


class Averaging(SupervisedPlugin):
    """Averages the weights over the steps of each task, and goes on with the average."""

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.average = AveragedModel(strategy.model)

    def after_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.average.update_parameters(strategy.model)

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        strategy.model.load_state_dict(self.average.module.state_dict())


class Accumulating(SupervisedPlugin):
    """Steps after every third batch alone."""

    def before_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        if strategy.clock.train_exp_iterations % 3:
            for parameter in strategy.model.parameters():
                parameter.grad = None


class Exponential(SupervisedPlugin):
    """Keeps a copy of the network that follows its weights over all tasks."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: list[AveragedModel] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.copies.append(AveragedModel(strategy.model, multi_avg_fn=follow))

    def after_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        self.copies[-1].update_parameters(strategy.model)


@pytest.mark.parametrize("make", [Averaging, Accumulating, Exponential])
def test_plugins_do_not_change_what_finished_tasks_compute(
    make: Callable[[], SupervisedPlugin], experiences: Experiences, test_sets: Sets
) -> None:
    plugin = make()
    strategy = learner(small(), [plugin])
    x, _ = test_sets[0]
    answers: list[Tensor] = []
    for task, experience in enumerate(experiences[:3]):
        strategy.train(experience)
        strategy.model.eval()
        answers.append(strategy.logits_of_task(x, task))
    assert torch.equal(strategy.logits_per_task(x), torch.stack(answers))
    if isinstance(plugin, Exponential):
        average: Any = plugin.copies[-1].module.eval()
        for task in range(2):  # those that were finished when the copy was made
            assert torch.equal(average.forward_task(x, task), answers[task])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_task_that_diverges_is_refused_and_takes_no_other_with_it(number: float) -> None:
    network = small()
    x = torch.randn(5, 784)
    network.begin_task(0, [])
    network.finish_task()
    network.begin_task(1, [])
    before = network.eval()(x, 0).detach()
    saved = copy.deepcopy(network.state_dict())
    network.train()
    for parameter in network.parameters():
        parameter.data.fill_(number)  # what one step on such a number does
    network.restore_frozen_weights()
    with pytest.raises(FloatingPointError, match=r"diverged in task 2: .*lower the learning"):
        network.finish_task()
    loaded = small()
    loaded.load_state_dict(network.state_dict())
    for diverged in (network, copy.deepcopy(network), loaded):
        assert torch.equal(diverged.eval()(x, 0), before)
        diverged.begin_task(1, [])
        assert torch.equal(diverged(x, 0), before)
    network.load_state_dict(saved)
    network.finish_task()
    assert torch.equal(network(x, 0), before)


def test_a_copy_that_missed_a_task_says_so(experiences: Experiences, test_sets: Sets) -> None:
    strategy = learner(small())
    average = AveragedModel(strategy.model)
    strategy.train(experiences[0])
    average.update_parameters(strategy.model)
    with pytest.raises(RuntimeError, match="make a new copy"):
        average.eval()(test_sets[0][0], 0)


def perturbed(graph: torch.fx.GraphModule, inputs: Any) -> Callable[..., Any]:
    """A compiler whose code computes something else, so that what it compiled can be seen."""
    return lambda *arguments: tuple(
        output + 1 if isinstance(output, Tensor) and output.is_floating_point() else output
        for output in graph(*arguments)
    )


@pytest.mark.parametrize("part", ["network", "body", "outside"])
def test_a_compiler_never_touches_finished_tasks(part: str) -> None:
    network = small()
    x = torch.randn(5, 784)
    for task in range(2):
        network.begin_task(task, [])
        network.finish_task()
    before = network.eval()(x, 0).detach()
    compiled: Any = network
    if part == "outside":
        compiled = torch.compile(network, backend=perturbed)
    else:
        (network.body if part == "body" else network).compile(backend=perturbed)
    network.begin_task(2, [])
    plain = network.forward_task(x, 1)
    assert not torch.equal(compiled(x, 2), copy.deepcopy(network)(x, 2))
    assert torch.equal(compiled(x, 0), before)
    assert torch.equal(compiled(x, 1), plain)


def test_a_compiled_network_is_trained(experiences: Experiences, test_sets: Sets) -> None:
    x, _ = test_sets[0]
    outputs = []
    for compiled in (False, True):
        model = small()
        if compiled:
            model.compile(backend="aot_eager")
        strategy = learner(model)
        for experience in experiences[:2]:
            strategy.train(experience)
        outputs.append(model.eval()(x, 0).detach())
    torch.testing.assert_close(*outputs, rtol=1e-3, atol=1e-3)


def test_what_hides_the_network_is_refused() -> None:
    network = small()
    with pytest.raises(TypeError, match=r"call model\.compile\(\)"):
        learner(cast(nn.Module, torch.compile(network)))
    with pytest.raises(TypeError, match="in a DataParallel; give the strategy the network"):
        learner(nn.DataParallel(network))
    with pytest.raises(TypeError, match="DataParallel copies"):
        network._replicate_for_data_parallel()


def test_an_optimizer_that_needs_a_closure_is_refused() -> None:
    network = small()
    with pytest.raises(TypeError, match="gives no closure to LBFGS"):
        RMN(model=network, optimizer=torch.optim.LBFGS(network.parameters()))


@pytest.mark.parametrize("learned", [0, 1])
def test_another_strategy_cannot_train_the_network(experiences: Experiences, learned: int) -> None:
    model = small()
    for experience in experiences[:learned]:
        learner(model).train(experience)
    optimizer = torch.optim.Adam(model.parameters())
    naive = Naive(model=model, optimizer=optimizer, evaluator=EvaluationPlugin())
    with pytest.raises(RuntimeError, match=r"train by rmn\.RMN or with rmn\.RMNPlugin"):
        naive.train(experiences[1])


def test_replayed_examples_are_warned_of(experiences: Experiences) -> None:
    replay = ReplayPlugin(100, storage_policy=ReservoirSamplingBuffer(max_size=100))
    strategy = learner(small(), [replay])
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*replay.*")
        strategy.train(experiences[0])
    with pytest.warns(UserWarning, match=r"task labels \[0\] are trained in task 1.*leave that"):
        strategy.train(experiences[1])


def test_pruning_that_never_comes_is_warned_of(experiences: Experiences) -> None:
    late = learner(convert(mlp(10)), rmn=RMNPlugin(pruning="late"))
    with pytest.warns(UserWarning, match=r"pruning never comes: of train_epochs=1"):
        late.train(experiences[0])
    plugin = RMNPlugin(pruning="converged", tolerance=-1e9)
    converged = learner(convert(mlp(10)), rmn=plugin)
    with pytest.warns(UserWarning, match="pruning never came: .*raise tolerance"):
        converged.train(experiences[0])


@pytest.mark.parametrize("way", ["epochs", "batches"])
def test_a_task_without_a_step_is_refused(way: str, experiences: Experiences) -> None:
    strategy = learner(small(), train_epochs=0 if way == "epochs" else 1, train_mb_size=4096)
    with pytest.raises(RuntimeError, match=r"no step was trained in task 1, .*train_epochs"):
        strategy.train(experiences[0], drop_last=way == "batches")
    assert strategy.model.tasks == 0


def test_a_setting_that_does_not_exist_is_named() -> None:
    unknown: dict[str, Any] = {"prune_epoch": 50}
    with pytest.raises(ValueError, match="prune_epoch is no setting of RMNPlugin; use one of"):
        RMNPlugin(**unknown)
