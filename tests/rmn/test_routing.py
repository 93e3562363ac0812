"""RMN answers without task labels by a router that is given in one argument and saved."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from avalanche.benchmarks import DatasetExperience, benchmark_from_datasets
from avalanche.benchmarks import with_classes_timeline as with_classes
from avalanche.benchmarks.utils import AvalancheDataset, DataAttribute, as_classification_dataset
from avalanche.training.plugins import EvaluationPlugin
from torch import Tensor

from harness.training.networks import mlp
from rmn import RMN, convert
from rmn.mapping.network import RelevanceNetwork
from rmn.routing import NetworkRouting
from rmn.tasks.routing import ROUTERS

Sets = list[tuple[Tensor, Tensor]]


@pytest.fixture(scope="module")
def unlabelled(train_sets: Sets) -> Sequence[DatasetExperience]:
    """Three experiences of a class-incremental script: no task labels."""
    datasets = []
    for x, y in train_sets[:3]:
        classes = y[:256].tolist()
        pairs = list(zip(x, classes, strict=False))
        attributes = [DataAttribute(classes, "targets")]
        datasets.append(
            as_classification_dataset(AvalancheDataset([pairs], data_attributes=attributes))
        )
    return tuple(with_classes(benchmark_from_datasets(train=datasets)).train_stream)


def learner(model: RelevanceNetwork | None = None, **arguments: Any) -> RMN:
    torch.manual_seed(0)
    model = model or convert(mlp(10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    sizes: dict[str, Any] = {"train_mb_size": 32, "train_epochs": 4}
    return RMN(model=model, optimizer=optimizer, evaluator=EvaluationPlugin(), **sizes, **arguments)


def right(strategy: RMN, test_sets: Sets) -> list[float]:
    """Share that is right of each of three tasks, without any label."""
    strategy.model.eval()
    with torch.no_grad():
        return [float((strategy.model(x).argmax(1) == y).float().mean()) for x, y in test_sets[:3]]


@pytest.fixture(scope="module")
def routed(unlabelled: Sequence[DatasetExperience]) -> RMN:
    strategy = learner(router="ridge-filters")
    for experience in unlabelled:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing is inferred that a router does not name
            warnings.filterwarnings("ignore", module="avalanche")
            strategy.train(experience)
    return strategy


def test_every_task_is_answered(routed: RMN, test_sets: Sets) -> None:
    assert min(right(routed, test_sets)) > 0.85


def test_without_a_router_the_warning_names_it(
    unlabelled: Sequence[DatasetExperience], test_sets: Sets
) -> None:
    strategy = learner()
    strategy.train(unlabelled[0])
    with pytest.warns(UserWarning, match=r'rule, max-logit.*RMN\(\.\.\., router="ridge-filters"\)'):
        strategy.train(unlabelled[1])


def test_answers_are_those_under_the_task_that_the_router_names(
    routed: RMN, test_sets: Sets
) -> None:
    network, x = routed.model, torch.cat([x[:50] for x, _ in test_sets[:3]])
    assert network.router is not None
    with torch.no_grad():
        named = network.router.scores(x, network).argmax(0)
        expected = network.logits_per_task(x)[named, torch.arange(len(x))]
        assert torch.equal(network(x), expected)
    assert len(torch.unique(named)) == 3


def test_it_is_saved_with_the_model(routed: RMN, test_sets: Sets) -> None:
    file = io.BytesIO()
    torch.save(routed.model.state_dict(), file)
    file.seek(0)
    loaded = convert(mlp(10))
    loaded.load_state_dict(torch.load(file, weights_only=True))
    x = torch.cat([x for x, _ in test_sets[:3]])
    with torch.no_grad():
        assert torch.equal(loaded.eval()(x), routed.model.eval()(x))
    assert loaded.rule == "ridge-filters"


def test_a_loaded_model_goes_on_with_its_router(
    routed: RMN, unlabelled: Sequence[DatasetExperience], test_sets: Sets
) -> None:
    first = learner(router="ridge-filters")
    first.train(unlabelled[0])
    loaded = convert(mlp(10))
    loaded.load_state_dict(first.model.state_dict())
    second = learner(loaded, router="ridge-filters")
    second.train(unlabelled[1])
    assert second.model.router is not None
    scores = second.model.router.scores(test_sets[0][0], second.model)
    assert scores.shape[0] == 2
    assert min(right(second, test_sets)[:2]) > 0.85


def test_a_model_with_another_router_or_tasks_without_one_is_refused(
    unlabelled: Sequence[DatasetExperience],
) -> None:
    first = learner(router="pixel-gaussian")
    first.train(unlabelled[0])
    with pytest.raises(ValueError, match="has the router 'pixel-gaussian'"):
        learner(first.model, router="ridge-filters").train(unlabelled[1])
    bare = learner()
    bare.train(unlabelled[0])
    strategy = learner(bare.model, router="ridge-filters")
    with pytest.raises(ValueError, match=r"learned tasks \(1\), which .* from the first task on"):
        strategy.train(unlabelled[1])
    assert strategy.clock.train_iterations == 0


def test_an_unknown_router_is_refused_before_any_training() -> None:
    with pytest.raises(ValueError, match=r"router is 'ridge'; use one of \('pixel-gaussian', "):
        learner(router="ridge")


@pytest.mark.parametrize("name", ROUTERS)
def test_any_router_can_be_named_and_evaluated_within_a_task(
    name: str, unlabelled: Sequence[DatasetExperience], test_sets: Sets
) -> None:
    strategy = learner(router=name)
    for experience in unlabelled[:2]:
        strategy.train(experience)
    strategy.model.begin_task(0, [4, 5])
    strategy.model.eval()
    with torch.no_grad():
        assert strategy.model(test_sets[0][0]).shape == (200, 10)
    assert [type(one) for one in strategy.plugins].count(NetworkRouting) == 1


@pytest.mark.parametrize(
    ("router", "x", "message"),
    [
        ("ridge-filters", torch.zeros(4, 6), "needs images .* not inputs of shape .*ridge-units"),
        ("ridge-filters", torch.zeros(4, 1, 28, 5), "at least 7 pixels in height .*ridge-units"),
        ("ridge-units", torch.zeros(4, 6, dtype=torch.int64), "numbers of tokens .*feature-gauss"),
        ("pixel-gaussian", torch.zeros(4, 6, dtype=torch.int64), "numbers of tokens"),
    ],
)
def test_what_a_router_cannot_be_fitted_to_is_refused_before_training(
    router: str, x: Tensor, message: str
) -> None:
    dataset = as_classification_dataset(
        AvalancheDataset(
            [[(one, 0) for one in x]], data_attributes=[DataAttribute([0] * len(x), "targets")]
        )
    )
    [experience] = benchmark_from_datasets(train=[dataset]).train_stream
    strategy = learner(router=router)
    with pytest.raises(ValueError, match=message):
        strategy.train(experience)
    assert strategy.clock.train_iterations == 0
