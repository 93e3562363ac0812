"""RMN forgets nothing: what old tasks compute is the same to the last bit."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import pytest
import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from torch import Tensor, nn

from harness.training.networks import mlp
from rmn import RMN, RelevancePlugin, RMNPlugin, convert, parameter_groups

Experiences = Sequence[DatasetExperience]
Sets = list[tuple[Tensor, Tensor]]

OPTIMIZERS: dict[str, Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]] = {
    "adam": lambda p: torch.optim.Adam(p, lr=2e-3),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "weight decay": lambda p: torch.optim.AdamW(p, lr=2e-3, weight_decay=0.1),
}


def learner(
    optimizer: str = "adam",
    plugin: RMNPlugin | None = None,
    epochs: int = 2,
    batch_norm: Literal["per-task", "shared"] = "per-task",
    head: Literal["per-task", "shared"] = "shared",
) -> RMN:
    torch.manual_seed(0)
    model = convert(mlp(10), batch_norm=batch_norm, head=head)
    return RMN(
        model=model,
        optimizer=OPTIMIZERS[optimizer](model.parameters()),
        rmn=plugin,
        train_mb_size=64,
        train_epochs=epochs,
        evaluator=EvaluationPlugin(),
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("pruning", ["none", "late"])
def test_old_logits_are_bit_identical(
    experiences: Experiences, test_sets: Sets, optimizer: str, pruning: Literal["none", "late"]
) -> None:
    plugin = RMNPlugin(l0_weight=0.3, pruning=pruning, prune_below=0.5)
    strategy = learner(optimizer, plugin)
    x, _ = test_sets[0]
    before: list[Tensor] = []
    fingerprints: list[bytes] = []
    for task, experience in enumerate(experiences[:3]):
        strategy.train(experience)
        strategy.model.eval()
        with torch.no_grad():
            before.append(strategy.logits_of_task(x, task))
        fingerprints.append(strategy.fingerprint(task))
    with torch.no_grad():
        assert torch.equal(torch.stack(before), strategy.logits_per_task(x))
    assert [strategy.fingerprint(task) for task in range(3)] == fingerprints
    assert len(set(fingerprints)) == 3


def test_a_shared_batch_norm_forgets(experiences: Experiences, test_sets: Sets) -> None:
    strategy = learner(batch_norm="shared")
    x, _ = test_sets[0]
    strategy.train(experiences[0])
    strategy.model.eval()
    before, fingerprint = strategy.logits_of_task(x, 0), strategy.fingerprint(0)
    strategy.train(experiences[1])
    strategy.model.eval()
    assert not torch.equal(before, strategy.logits_of_task(x, 0))
    assert strategy.fingerprint(0) != fingerprint


@pytest.mark.parametrize("head", ["shared", "per-task"])
def test_a_fingerprint_is_of_what_decides_and_of_nothing_else(
    experiences: Experiences, test_sets: Sets, head: Literal["shared", "per-task"]
) -> None:
    strategy = learner(head=head)
    for experience in experiences[:2]:
        strategy.train(experience)
    strategy.model.eval()
    x, _ = test_sets[0]
    model = strategy.model
    (name, layer), *_ = model.relevance_layers().items()
    used = strategy.masks()[name][0]
    norm = next(m for m in model.modules() if isinstance(m, nn.BatchNorm1d))
    running_mean, rows = norm.running_mean, norm.get_buffer("finished_bias")
    assert running_mean is not None
    state = model.state_dict()  # of the same tensors; changed weights have to be loaded

    def unchanged(change: Callable[[], object]) -> bool:
        fingerprint, logits = strategy.fingerprint(0), model.forward_task(x, 0)
        with torch.no_grad():
            change()
        model.load_state_dict(state)
        alike = fingerprint == strategy.fingerprint(0)
        assert alike == torch.equal(logits, model.forward_task(x, 0))
        return alike

    assert unchanged(lambda: layer.weight.mul_(torch.where(used, 1, -1)))
    assert unchanged(lambda: layer.weight.masked_fill_(~used, 3.0))
    assert unchanged(lambda: running_mean.add_(1))
    assert unchanged(lambda: rows[1].add_(1))
    assert not unchanged(lambda: layer.weight.masked_fill_(used, 3.0))
    assert not unchanged(lambda: rows[0].add_(1))


def test_exactly_the_union_of_earlier_masks_is_frozen(experiences: Experiences) -> None:
    strategy = learner()
    for experience in experiences[:2]:
        strategy.train(experience)
    union = {name: mask.any(0) for name, mask in strategy.masks().items()}
    layers = strategy.model.relevance_layers()
    before = {name: layer.weight.detach().clone() for name, layer in layers.items()}
    strategy.train(experiences[2])
    for name, layer in layers.items():
        moved = layer.weight != before[name]
        assert not moved[union[name]].any()
        assert moved[~union[name] & strategy.masks()[name][2]].any()


def test_it_learns(experiences: Experiences, test_sets: Sets) -> None:
    strategy = learner(epochs=12)
    strategy.train(experiences[0])
    strategy.model.eval()
    x, y = test_sets[0]
    predicted = strategy.model(x, 0)[:, [0, 1]].argmax(1)
    assert (predicted == y).float().mean() > 0.95


def test_parameter_groups_are_those_of_the_mappings_and_of_everything_else() -> None:
    model = convert(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)), learn_beta=True)
    weights, mappings = parameter_groups(model, lr=0.1, mapping_lr=0.2)
    (group,) = model.mappings
    assert mappings == {"params": [group.mapping, group.beta], "lr": 0.2, "weight_decay": 0.0}
    assert weights["lr"] == 0.1
    ours = {id(parameter) for parameter in weights["params"] + mappings["params"]}
    assert ours == {id(parameter) for parameter in model.parameters()}


def test_arguments_of_avalanche_have_their_defaults_and_are_passed_on() -> None:
    model = convert(nn.Linear(2, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    plain = RMN(model=model, optimizer=optimizer, criterion=None, plugins=None)
    assert isinstance(plain._criterion, nn.CrossEntropyLoss)
    assert (plain.train_mb_size, plain.train_epochs, plain.eval_mb_size) == (128, 1, 1024)
    other, ours = SupervisedPlugin(), RMNPlugin()
    strategy = RMN(
        model=model,
        optimizer=optimizer,
        criterion=nn.functional.cross_entropy,
        rmn=ours,
        train_mb_size=2,
        train_epochs=3,
        eval_mb_size=4,
        plugins=[other],
    )
    assert strategy.plugins[:2] == [ours, other]
    assert strategy._criterion is nn.functional.cross_entropy
    assert (strategy.train_mb_size, strategy.train_epochs, strategy.eval_mb_size) == (2, 3, 4)


def test_the_network_is_given_no_more_examples_than_a_batch_has(experiences: Experiences) -> None:
    model = convert(mlp(10))
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        router="feature-gaussian",
        train_mb_size=96,
        eval_mb_size=50,
        evaluator=EvaluationPlugin(),
    )
    sizes: list[int] = []
    model.body.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    for experience in experiences[:2]:
        strategy.train(experience)
    assert max(sizes) == 96
    assert sum(sizes) == 384 * (1 + 1 + 1 + 1 + 2)  # two trained, one probed, one and two fitted


def test_there_are_no_logits_before_any_task() -> None:
    with pytest.raises(RuntimeError, match=r"no task has been learned .* train first"):
        learner().logits_per_task(torch.zeros(2, 1, 28, 28))


def test_an_unknown_argument_is_named() -> None:
    model = convert(nn.Linear(2, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    unknown: dict[str, Any] = {"train_epoch": 2}
    with pytest.raises(TypeError, match="train_epoch"):
        RMN(model=model, optimizer=optimizer, **unknown)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rmn": {"l0_weight": 0.3}}, r"give a plugin: rmn=RMNPlugin\("),
        ({"rmn": RMNPlugin}, r"give a plugin: rmn=RMNPlugin\("),
        ({"rmn": RelevancePlugin()}, r"give a plugin: rmn=RMNPlugin\("),
        ({"plugins": [RMNPlugin()]}, r"RMN has a plugin of RMN already; .*rmn=\.\.\., not plugins"),
        ({"optimizer": torch.optim.Adam}, r"the class Adam; make one of it: Adam\(model\.param"),
    ],
)
def test_what_would_train_without_rmn_is_refused(arguments: dict[str, Any], message: str) -> None:
    model = convert(nn.Linear(2, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TypeError, match=message):
        RMN(**{"model": model, "optimizer": optimizer, **arguments})


def test_groups_of_the_module_before_its_conversion_are_refused() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model = convert(module)
    groups = [{"params": layer.parameters()} for layer in module]
    with pytest.raises(ValueError, match=r"has body\.0\.bias, .*rmn\.parameter_groups\(model"):
        RMN(model=model, optimizer=torch.optim.SGD(groups, lr=0.1))
    RMN(model=model, optimizer=torch.optim.SGD(parameter_groups(model, lr=0.1, mapping_lr=0.2)))


def test_a_model_that_was_not_converted_is_refused() -> None:
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"rmn\.convert"):
        RMN(model=model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
