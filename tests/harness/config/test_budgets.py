"""Budgets: identity over time, class orders, the plateau schedule and random affine changes."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve, tuned
from harness.data.datasets import Images, TaskData
from harness.data.streams import make_stream
from harness.experiment.experiment import run_experiment
from harness.storage import schema, store
from harness.training.augmentation import RandomAffine, transformed
from harness.training.schedules import PlateauDecay

RESULTS = Path(__file__).parents[3] / "results"


@pytest.mark.parametrize("benchmark", ["split_mnist", "permuted_mnist"])
def test_committed_results_are_still_those_of_the_defaults(benchmark):
    """No new field or default may orphan finished runs without anybody noticing."""
    names = ["ewc", "hat", "joint", "mas", "naive", "rmn", "si", "single"]
    best = tuned(benchmark)
    chosen = {name: methods()[name] for name in names}
    settings = {name: resolve(chosen[name], best.get(name, {}), {}) for name in names}
    runs = plan(BENCHMARKS[benchmark], "default", chosen, settings, 5, schema.VERSION)
    assert {store.status(RESULTS, run) for run in runs} == {"finished"}


def test_fields_at_their_defaults_that_came_later_are_no_part_of_the_identity():
    plain, affine = TrainingBudget(epochs=2), TrainingBudget(epochs=2, affine=True)
    assert "affine" not in plain.identity()
    assert affine.identity() == {**plain.identity(), "affine": True}
    assert TrainingBudget(**affine.identity()) == affine


@pytest.mark.parametrize(
    "field",
    [
        "epochs",
        "batch_size",
        "train_examples",
        "tasks",
        "patience",
        "learning_rate",
        "first_epochs",
    ],
)
def test_impossible_budgets_are_named(field):
    with pytest.raises(ValueError, match=field):
        replace(TrainingBudget(epochs=1, decay=False), **{field: 0})


def test_a_budget_has_one_schedule():
    with pytest.raises(ValueError, match="decay=false"):
        TrainingBudget(epochs=1, patience=5)


def test_the_first_task_may_have_epochs_of_its_own():
    budget = TrainingBudget(epochs=1, first_epochs=3, train_examples=64, test_examples=32, tasks=2)
    benchmark = replace(BENCHMARKS["split_mnist"], training={"default": budget})
    chosen = {"naive": methods()["naive"]}
    settings = {"naive": resolve(chosen["naive"], {}, {})}
    [run] = plan(benchmark, "default", chosen, settings, 1, schema.VERSION)
    seen = []
    outcome = run_experiment(run, device="cpu", data=None, report=seen.append)
    epochs = ["task 1/2, epoch 1/3", "task 1/2, epoch 2/3", "task 1/2, epoch 3/3"]
    epochs.append("task 2/2, epoch 1/1")
    assert [at.doing for at in seen if "epoch" in at.doing] == epochs
    shown = outcome.rows[outcome.rows.metric == "train_examples"]
    assert dict(zip(shown.after, shown.value, strict=True)) == {1: 3 * 64, 2: 64}


@pytest.mark.parametrize("name", ["split_mnist", "split_cifar100", "split_omniglot"])
def test_class_orders_are_seeded_and_lose_nothing(name):
    benchmark = BENCHMARKS[name]
    one, same, other = (benchmark.ordered(seed) for seed in (1, 1, 2))
    assert one == same != other
    assert benchmark.ordered(None) == benchmark
    if name == "split_omniglot":
        assert sorted(one.groups) == list(range(50))
        for group, classes in zip(one.groups, one.classes, strict=True):
            assert classes == benchmark.classes[group]
    else:
        assert [len(c) for c in one.classes] == [len(c) for c in benchmark.classes]
        labels = Counter(label for classes in one.classes for label in classes)
        assert labels == Counter(label for classes in benchmark.classes for label in classes)
    assert one.first(2).tasks == 2


def test_a_stream_has_the_ordered_classes():
    training = TrainingBudget(epochs=1, class_order=3, train_examples=200, test_examples=50)
    stream = make_stream(BENCHMARKS["split_mnist"], training, seed=0)
    benchmark = stream.benchmark
    for classes, task in zip(benchmark.classes, stream.test, strict=True):
        assert set(task.images.labels.tolist()) == set(classes)
    assert benchmark.classes != BENCHMARKS["split_mnist"].classes


def test_patience_holds_training_data_out():
    training = TrainingBudget(
        epochs=1, decay=False, patience=2, train_examples=200, test_examples=50
    )
    stream = make_stream(BENCHMARKS["split_mnist"], training, seed=0)
    assert [len(task) for task in stream.train] == [180] * 5
    assert [len(task) for task in stream.held_out] == [20] * 5
    assert [len(task) for task in stream.test] == [50] * 5


def test_the_learning_rate_falls_when_the_loss_stays():
    pixels = torch.zeros(4, 1, 1, 2, dtype=torch.uint8)
    labels = torch.tensor([0, 1, 0, 1])
    data = TaskData(Images(pixels, labels, labels))
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 2))  # zero inputs: the loss is the bias's
    strategy = SimpleNamespace(
        model=model,
        optimizer=torch.optim.SGD(model.parameters(), lr=0.9),
        adapted_dataset=SimpleNamespace(targets_task_labels=[1, 1]),
        device=torch.device("cpu"),
    )
    schedule = PlateauDecay([None, data], patience=2)
    schedule.before_training_exp(strategy)
    rates = []
    for _ in range(8):
        schedule.after_training_epoch(strategy)
        rates.append(strategy.optimizer.param_groups[0]["lr"])
    # the first epoch sets the best loss; two more are waited for, the next one divides
    assert rates == pytest.approx([0.9, 0.9, 0.9, 0.3, 0.3, 0.3, 0.1, 0.1])
    assert model.training
    schedule.after_training_exp(strategy)
    assert strategy.optimizer.param_groups[0]["lr"] == 0.9


def test_affine_maps_by_hand():
    x = torch.rand(1, 2, 6, 6)
    same = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    torch.testing.assert_close(transformed(x, same), x)
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]])
    torch.testing.assert_close(transformed(x, quarter), torch.rot90(x, 1, (2, 3)))
    shifted = torch.tensor([[[1.0, 0.0, 1 / 3], [0.0, 1.0, 0.0]]])  # a sixth of the width: 1 pixel
    torch.testing.assert_close(transformed(x, shifted)[..., :-1], x[..., 1:])


def test_half_of_the_images_are_changed_within_the_limits():
    matrices = RandomAffine(0)._matrices(2000)
    same = (matrices == torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])).all(-1).all(-1)
    assert 0.45 < same.float().mean() < 0.55
    scale = 1 / matrices[:, 0, :2].norm(dim=1)
    assert scale.min() >= 0.8 - 1e-5
    assert scale.max() <= 1.2 + 1e-5
    angle = torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0])
    assert angle.abs().max() <= math.radians(10) + 1e-5
    assert matrices[:, :, 2].abs().max() <= 0.1
    assert torch.equal(RandomAffine(0)._matrices(5), RandomAffine(0)._matrices(5))
