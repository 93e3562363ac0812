"""RMN without task labels on streams that are hard for it: real digits, known borders."""

from dataclasses import replace

import pytest
import torch

from baselines.context import Context
from baselines.rmn_unsupervised import RMNUnsupervisedBaseline
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.datasets import TaskData
from harness.data.streams import make_stream
from harness.data.unlabelled_streams import StreamLoader, unlabelled_stream
from harness.training.networks import mlp
from rmn import RMNUnsupervised, convert

BATCH = 32
TRAINING = TrainingBudget(
    epochs=8, batch_size=BATCH, train_examples=1024, test_examples=200, tasks=2
)
SPLIT = BENCHMARKS["split_mnist_unsupervised"]


@pytest.fixture(scope="module")
def tasks():
    torch.set_num_threads(1)
    stream = make_stream(SPLIT, TRAINING, seed=0)
    return stream.train, stream.test


def trained(train, **settings):
    """A learner that has seen the tasks one after the other, and its stream."""
    stream = unlabelled_stream(SPLIT, TRAINING, train, 0)

    def network():
        torch.manual_seed(0)
        return mlp(10)

    context = Context(
        network=network,
        outputs=10,
        tasks=len(train),
        epochs=1,
        batch_size=BATCH,
        learning_rate=0.002,
        device=torch.device("cpu"),
        seed=0,
        plugins=(StreamLoader(stream, lambda task: None),),
    )
    strategy = RMNUnsupervisedBaseline(**settings).build(context)
    strategy.train(stream.whole())
    strategy.model.eval()
    return strategy, stream


def right(strategy, mask, test):
    with torch.no_grad():
        answers = strategy.logits_per_task(test.inputs())[mask].argmax(1)
    return (answers == test.images.labels).float().mean().item()


def first_part(data, examples):
    return TaskData(data.images[:examples])


def test_it_begins_with_the_first_batch_and_notices_the_second_task(tasks):
    train, test = tasks
    strategy, stream = trained(train)
    assert strategy.switches[0] == 0
    assert len(strategy.switches) == 2
    assert 0 <= strategy.switches[1] - stream.ends[0] <= 10
    assert right(strategy, 0, test[0]) > 0.95
    assert right(strategy, 1, test[1]) > 0.9


def test_one_task_is_one_mask(tasks):
    train, test = tasks
    strategy, _ = trained(train[:1])
    assert strategy.switches == [0]
    assert right(strategy, 0, test[0]) > 0.95


def test_a_task_that_comes_back_finds_its_old_mask(tasks):
    train, test = tasks
    strategy, stream = trained([train[0], train[1], train[0]])
    assert len(strategy.switches) == 2
    assert abs(strategy.switches[1] - stream.ends[0]) <= 10
    assert right(strategy, 0, test[0]) > 0.95


def test_tasks_may_differ_much_in_length(tasks):
    train, test = tasks
    strategy, stream = trained([train[0], first_part(train[1], 64), train[0], train[1]])
    assert strategy.switches[0] == 0
    assert stream.ends[0] <= strategy.switches[1] <= stream.ends[0] + 10
    assert len(strategy.switches) <= 3
    assert right(strategy, 0, test[0]) > 0.95
    assert max(right(strategy, mask, test[1]) for mask in range(len(strategy.switches))) > 0.9


def test_a_switch_in_the_very_first_batches_is_no_error(tasks):
    train, test = tasks
    strategy, _ = trained([first_part(train[0], 4), train[1]])
    assert strategy.switches[0] == 0
    assert right(strategy, len(strategy.switches) - 1, test[1]) > 0.9


def test_a_constant_input_is_one_task(tasks):
    train, _ = tasks
    grey = TaskData(replace(train[0].images, pixels=torch.full_like(train[0].images.pixels, 128)))
    strategy, _ = trained([grey])
    assert strategy.switches == [0]
    assert torch.isfinite(strategy.logits_per_task(grey.inputs(slice(4)))).all()


def test_impossible_shares_are_named():
    model = convert(mlp(10))
    optimizer = torch.optim.Adam(model.parameters())
    with pytest.raises(ValueError, match="hold_back"):
        RMNUnsupervised(model=model, optimizer=optimizer, hold_back=2.0)
