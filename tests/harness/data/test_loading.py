"""The fast path feeds the same data as the slow one, and trains to the same loss."""

import pytest
import torch
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.supervised import Naive
from torch import nn
from torch.utils.data import DataLoader

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.loading import BatchLoader, TensorLoading
from harness.data.streams import make_stream
from harness.training.networks import mlp

TRAINING = TrainingBudget(epochs=1, train_examples=200, test_examples=100, tasks=3)


@pytest.fixture(scope="module", params=["split_mnist", "permuted_mnist"])
def stream(request):
    return make_stream(BENCHMARKS[request.param], TRAINING, seed=3)


@pytest.fixture
def dataset(stream):
    return stream.experiences[1].dataset


def columns(batches):
    return [torch.cat(column) for column in zip(*batches, strict=True)]


def test_an_epoch_has_every_example_once(dataset):
    x, y, t = columns(BatchLoader(dataset, 32, seed=0))
    assert len(x) == len(dataset) == 200
    assert sorted(x.flatten(1).sum(1).tolist()) == sorted(
        dataset[i][0].sum().item() for i in range(len(dataset))
    )
    assert sorted(y.tolist()) == sorted(dataset.targets)
    assert set(t.tolist()) == {1}


def test_the_order_depends_on_the_seed_and_the_epoch(dataset):
    loader, again = BatchLoader(dataset, 32, seed=0), BatchLoader(dataset, 32, seed=0)
    first, second = columns(loader)[0], columns(loader)[0]
    assert not torch.equal(first, second)
    assert torch.equal(columns(again)[0], first)
    assert torch.equal(columns(again)[0], second)
    assert not torch.equal(columns(BatchLoader(dataset, 32, seed=1))[0], first)


def test_a_batch_is_its_examples(dataset):
    x, y, t = dataset.gather(torch.tensor([7, 3, 190]))
    for k, index in enumerate((7, 3, 190)):
        one, label, task = dataset[index]
        assert torch.equal(x[k], one)
        assert (int(y[k]), int(t[k])) == (label, task)


def test_pytorchs_loader_gets_whole_batches(dataset):
    batches = DataLoader(dataset, batch_size=64, collate_fn=dataset.collate_fn)
    x, y, _ = columns(batches)
    assert torch.equal(x, dataset.gather(torch.arange(200))[0])
    assert y.tolist() == list(dataset.targets)


def test_subset_and_concat(stream):
    first, second = (stream.experiences[task].dataset for task in (0, 1))
    both = first.concat(second)
    assert len(both) == 400
    assert list(both.targets) == [*first.targets, *second.targets]
    x, y, t = both.gather(torch.tensor([399, 0, 200, 199]))
    assert t.tolist() == [1, 0, 1, 0]
    assert torch.equal(x[0], second[199][0])
    assert torch.equal(x[1], first[0][0])
    assert torch.equal(x[2], second[0][0])
    assert y[3] == first.targets[199]
    part = both.subset([399, 5, 6, 250])
    assert torch.equal(part[0][0], second[199][0])
    assert list(part.targets_task_labels) == [1, 0, 0, 1]


def test_a_last_batch_of_one_is_left_out(dataset):
    loader = BatchLoader(dataset, 199, seed=0)
    assert [len(batch[1]) for batch in loader] == [199]
    assert len(loader) == 1


class SameOrder(SupervisedPlugin):
    """Stock loading, one example at a time, in the order of the fast loader."""

    def __init__(self, fast):
        super().__init__()
        self.fast = fast

    def before_training_exp(self, strategy, **kwargs):
        dataset = strategy.experience.dataset
        loader = BatchLoader(dataset, strategy.train_mb_size, seed=1)
        if self.fast:
            strategy.dataloader = loader
            return
        order = torch.randperm(len(dataset), generator=loader.generator).tolist()
        size = strategy.train_mb_size
        strategy.dataloader = [
            torch.utils.data.default_collate([tuple(dataset[i]) for i in order[at : at + size]])
            for at in range(0, len(order), size)
        ]


def test_training_is_the_same_as_with_single_examples(stream):
    losses = []
    for fast in (True, False):
        torch.manual_seed(0)
        model = mlp(10)
        seen = []

        class Losses(SupervisedPlugin):
            def after_backward(self, strategy, seen=seen, **kwargs):
                seen.append(float(strategy.loss.detach()))

        strategy = Naive(
            model=model,
            optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=32,
            train_epochs=1,
            plugins=[SameOrder(fast), Losses()],
            evaluator=EvaluationPlugin(),
        )
        strategy.train(stream.experiences[0])
        losses.append(seen)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_plugin_puts_the_fast_loader_in_place(stream):
    model = mlp(10)
    found = []

    class Look(SupervisedPlugin):
        def before_training_epoch(self, strategy, **kwargs):
            found.append(type(strategy.dataloader))

    strategy = Naive(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=64,
        plugins=[TensorLoading(0), Look()],
        evaluator=EvaluationPlugin(),
    )
    strategy.train(stream.experiences[0])
    assert found == [BatchLoader]
