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
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

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


def trained(network: RelevanceNetwork) -> torch.optim.Optimizer:
    """An optimizer with momentum that has made some steps on the live task."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        torch.autograd.backward(network.train()(torch.randn(5, 784)).square().mean())
        optimizer.step()
        network.restore_frozen_weights()
    return optimizer


CHANGES: dict[str, Callable[[RelevanceNetwork, torch.optim.Optimizer], object]] = {
    "step": lambda network, optimizer: optimizer.step(),
    "in place": lambda network, _: network.mappings[0].weight.detach().mul_(0.9),
    "past autograd": lambda network, _: network.mappings[0].weight.data.mul_(0.9),
    "another tensor": lambda network, _: nn.utils.vector_to_parameters(
        nn.utils.parameters_to_vector(network.parameters()) * 0.9, network.parameters()
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("use", ["answer", "fingerprint", "save", "begin", "copy"])
def test_weights_that_change_between_tasks_are_noticed(change: str, use: str) -> None:
    network, x = small(), torch.randn(5, 784)
    network.begin_task(0, [])
    optimizer = trained(network)
    network.finish_task()
    before, saved = network.eval()(x, 0).detach(), copy.deepcopy(network.state_dict())
    CHANGES[change](network, optimizer)
    uses: dict[str, Callable[[], object]] = {
        "answer": lambda: network.to("cpu")(x, 0),
        "fingerprint": lambda: network.fingerprint(0),
        "save": network.state_dict,
        "begin": lambda: network.begin_task(1, []),
        "copy": lambda: copy.deepcopy(network),
    }
    if change != "past autograd" or use in ("save", "begin", "copy"):
        with pytest.raises(RuntimeError, match=r"changed since .*; change them before finish_task"):
            uses[use]()
    network.load_state_dict(saved)
    uses[use]()
    assert torch.equal(network(x, 0), before)


def test_weights_that_no_finished_task_uses_may_change_between_tasks() -> None:
    network, x = small(), torch.randn(5, 784)
    network.begin_task(0, [])
    network.finish_task()
    before = network.eval()(x, 0).detach()
    for group in network.mappings:
        with torch.no_grad():
            group.weight[group.uses == 0] += 1
    assert torch.equal(network(x, 0), before)
    network.begin_task(1, [])
    assert torch.equal(network(x, 0), before)


def test_a_copy_that_was_changed_begins_from_the_finished_weights() -> None:
    network, x = small(), torch.randn(5, 784)
    network.begin_task(0, [])
    network.finish_task()
    copied = copy.deepcopy(network)
    for parameter in copied.parameters():
        parameter.data.add_(1)
    copied.begin_task(1, [])
    assert torch.equal(copied.eval()(x, 0), network.eval()(x, 0))


@pytest.mark.parametrize("use_buffers", [False, True])
def test_an_average_keeps_the_masks_of_finished_tasks_or_says_so(use_buffers: bool) -> None:
    network, x = small(), torch.randn(5, 784)
    network.begin_task(0, [])
    network.finish_task()
    before = network.eval()(x, 0).detach()
    network.begin_task(1, [])
    ema = get_ema_multi_avg_fn(0.9)  # type: ignore[no-untyped-call]
    average = AveragedModel(network, multi_avg_fn=ema, use_buffers=use_buffers)
    for _ in range(3):
        trained(network)
        average.update_parameters(network)
    assert torch.equal(network.eval()(x, 0), before)
    average.eval()
    if use_buffers:
        with pytest.raises(RuntimeError, match=r"masks of finished .* leave it at False"):
            average(x, 0)
    else:
        assert torch.equal(average(x, 0), before)


def test_a_task_that_is_loaded_unfinished_is_not_lost() -> None:
    network = small()
    network.begin_task(0, [])
    unfinished = copy.deepcopy(network.state_dict())
    network.finish_task()
    network.load_state_dict(unfinished)
    with pytest.raises(RuntimeError, match=r"task 0 is being learned.* call finish_task first"):
        network.begin_task(1, [])
    network.finish_task()
    network.begin_task(1, [])
    assert network.labels == [0]


def test_a_network_that_is_cast_between_tasks_is_no_changed_one() -> None:
    network, x = small(), torch.randn(5, 784)
    network.begin_task(0, [])
    network.finish_task()
    before = network.eval()(x, 0).detach()
    network.double()
    torch.testing.assert_close(network(x.double(), 0).float(), before, rtol=1e-4, atol=1e-5)
    network.float()
    assert torch.equal(network(x, 0), before)
    network.half().float()
    torch.testing.assert_close(network(x, 0), before, rtol=1e-2, atol=1e-2)
    network.begin_task(1, [])
