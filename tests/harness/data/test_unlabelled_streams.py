"""Streams without labels: nothing of a task reaches the learner, and CN-DPM's transitions."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.streams import make_stream
from harness.data.unlabelled_streams import StreamLoader, TaskLabelError, blended

TRAINING = TrainingBudget(epochs=2, train_examples=300, test_examples=100, tasks=3, decay=False)


@pytest.fixture(scope="module")
def sharp():
    return make_stream(BENCHMARKS["split_mnist_unsupervised"], TRAINING, seed=0).unlabelled


@pytest.mark.parametrize(
    "question",
    [
        "task_label",
        "task_labels",
        "classes_in_this_experience",
        "classes_seen_so_far",
        "previous_classes",
        "future_classes",
    ],
)
def test_a_learner_that_asks_for_a_task_is_refused(sharp, question):
    for experience in (sharp.whole(), *sharp.segments()):
        with pytest.raises(TaskLabelError, match="no task labels"):
            getattr(experience, question)


def test_a_method_that_needs_labels_cannot_train(sharp, context):
    for name in ("rmn", "hat", "single"):
        strategy = methods()[name]().build(context)
        with pytest.raises(TaskLabelError):
            strategy.train(sharp.whole())


def test_batches_are_inputs_and_classes_alone(sharp):
    class Strategy:
        dataloader = None

    ends = []
    loading = StreamLoader(sharp, ends.append)
    loading.before_training_exp(Strategy)
    batches = list(Strategy.dataloader)
    assert all(len(batch) == 2 for batch in batches)
    assert len(batches) == len(sharp.batches) == len(sharp.counts)
    assert ends == [1, 2, 3]
    for (x, y), counts in zip(batches, sharp.counts, strict=True):
        assert len(x) == len(y) == counts.sum()
        assert torch.equal(torch.bincount(y // 2, minlength=3), counts)  # digits 2t, 2t + 1


def test_each_example_comes_once_an_epoch_and_borders_are_sharp(sharp):
    shown = torch.cat(sharp.batches)
    assert torch.equal(shown.sort().values, torch.arange(900).repeat_interleave(2))
    assert ((sharp.counts > 0).sum(1) == 1).all()
    assert sharp.counts.argmax(1).tolist() == sorted(sharp.counts.argmax(1).tolist())
    for task, (start, end) in enumerate(pairwise((0, *sharp.ends))):
        assert (sharp.counts[start:end].argmax(1) == task).all()


def test_the_seed_sets_the_order():
    one, two, same = (
        make_stream(BENCHMARKS["split_mnist_fuzzy"], TRAINING, seed=seed).unlabelled
        for seed in (0, 1, 0)
    )
    assert not torch.equal(torch.cat(one.batches), torch.cat(two.batches))
    assert torch.equal(torch.cat(one.batches), torch.cat(same.batches))


def test_transitions_are_those_of_cn_dpm():
    # Lee et al. 2020, Fuzzy Split-MNIST: 12,000 examples a task; 6,000 pure ones, then transitions
    # of 12,000 in five parts with 10, 30, 50, 70 and 90 % of the next task, then 6,000 pure ones
    tasks, size = 5, 12_000
    queues = [torch.arange(size) + size * task for task in range(tasks)]
    owner = (blended(queues, 1.0) // size).numpy()
    assert (owner[:6000] == 0).all()
    assert (owner[-6000:] == 4).all()
    for task in range(tasks - 1):
        transition = owner[6000 + size * task : 6000 + size * (task + 1)]
        assert set(transition) == {task, task + 1}
        shares = (transition.reshape(5, -1) == task + 1).mean(1)
        np.testing.assert_allclose(shares, [0.1, 0.3, 0.5, 0.7, 0.9], atol=0.005)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.floats(0.1, 1))
def test_blending_loses_nothing_and_keeps_each_order(lengths, blur):
    starts = np.cumsum([0, *lengths])
    queues = [torch.arange(int(a), int(b)) for a, b in pairwise(starts)]
    mixed = blended(queues, blur)
    assert torch.equal(mixed.sort().values, torch.arange(int(starts[-1])))
    for queue in queues:
        assert torch.equal(mixed[torch.isin(mixed, queue)], queue)
