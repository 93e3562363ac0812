"""The benchmarks: facts of the data sets, orders of the classes, and what their variants share."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import PROFILES, TrainingBudget
from harness.data.sources import SOURCES

SEEDS = st.integers(min_value=0, max_value=2**32)
NOT_ALL_CLASSES = sorted(name for name, one in BENCHMARKS.items() if one.tasks_by != "permutations")


def labels(benchmark: Benchmark) -> Counter[int]:
    return Counter(label for classes in benchmark.classes for label in classes)


def test_the_streams_are_the_published_ones() -> None:
    shapes = {
        name: (benchmark.tasks, {len(classes) for classes in benchmark.classes})
        for name, benchmark in BENCHMARKS.items()
        if not benchmark.variant_of
    }
    characters = {len(classes) for classes in BENCHMARKS["split_omniglot"].classes}
    assert shapes == {
        "split_mnist": (5, {2}),
        "permuted_mnist": (10, {10}),
        "permuted_mnist_50": (50, {10}),
        "permuted_mnist_related": (8, {10}),
        "split_fashion_mnist": (5, {2}),
        "split_cifar100": (10, {10}),
        "split_cifar100_20": (20, {5}),
        "split_omniglot": (50, characters),
    }
    assert (min(characters), max(characters)) == (14, 55)
    assert labels(BENCHMARKS["split_omniglot"]).total() == 1623  # characters of Lake et al. 2015
    for benchmark in BENCHMARKS.values():
        if benchmark.disjoint:
            assert labels(benchmark) == Counter(range(benchmark.outputs))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_refers_to_what_there_is(name: str) -> None:
    benchmark = BENCHMARKS[name]
    assert benchmark.name == name
    assert benchmark.dataset in SOURCES
    assert benchmark.budgets.keys() == PROFILES.keys()
    others = (benchmark.variant_of, benchmark.labelled_counterpart, benchmark.tuning_source)
    assert {*others, ""} <= {*BENCHMARKS, ""}
    assert all(max(outputs) < benchmark.outputs for outputs in benchmark.task_outputs)


@pytest.mark.parametrize("name", [n for n, one in BENCHMARKS.items() if one.variant_of])
def test_a_variant_has_the_tasks_of_its_original(name: str) -> None:
    variant = BENCHMARKS[name]
    original = BENCHMARKS[variant.variant_of]
    assert (variant.classes, variant.groups) == (original.classes, original.groups)
    assert variant.outputs == original.outputs
    assert SOURCES[variant.dataset].sha256 == SOURCES[original.dataset].sha256


def test_a_stream_without_task_boundaries_lowers_no_learning_rate() -> None:
    unlabelled = [one for one in BENCHMARKS.values() if not one.labelled]
    assert {one.transition for one in unlabelled} == {0.0, 1.0}
    for benchmark in unlabelled:
        for budget in benchmark.budgets.values():
            assert not budget.decay
            assert budget.patience is None


def test_the_outputs_of_tasks_by_hand() -> None:
    assert BENCHMARKS["split_mnist"].task_outputs[3] == (6, 7)
    assert BENCHMARKS["permuted_mnist"].task_outputs == (tuple(range(10)),) * 10
    assert BENCHMARKS["split_cifar100_20"].task_outputs[19] == (95, 96, 97, 98, 99)
    assert BENCHMARKS["split_omniglot"].task_outputs[1] == tuple(range(20, 49))


@pytest.mark.parametrize(
    ("name", "own", "relative"),
    [
        ("split_mnist", 10, 2),
        ("permuted_mnist", 10, 10),
        ("split_fashion_mnist", 10, 2),
        ("split_cifar100", 100, 10),
        ("split_cifar100_20", 100, 5),
        ("split_omniglot", 1623, 55),
    ],
)
def test_a_budget_decides_how_wide_the_output_is(name: str, own: int, relative: int) -> None:
    """An output for each class of the stream; or as many as the widest task has classes."""
    benchmark = BENCHMARKS[name]
    widths = {
        outputs: benchmark.under(TrainingBudget(epochs=1, outputs=outputs)).outputs
        for outputs in ("auto", "own", "heads", "shared")
    }
    assert widths == {"auto": own, "own": own, "heads": relative, "shared": relative}


def test_relative_outputs_count_from_0_in_each_task() -> None:
    digits = BENCHMARKS["split_mnist"].under(TrainingBudget(epochs=1, outputs="shared"))
    assert digits.task_outputs == ((0, 1),) * 5
    alphabets = BENCHMARKS["split_omniglot"].under(TrainingBudget(epochs=1, outputs="heads"))
    assert alphabets.task_outputs[:2] == (tuple(range(20)), tuple(range(29)))
    assert alphabets.classes == BENCHMARKS["split_omniglot"].classes


def test_the_first_tasks_keep_the_width_of_the_whole_stream() -> None:
    first = BENCHMARKS["split_cifar100"].under(TrainingBudget(epochs=1, tasks=2))
    assert (first.tasks, first.outputs) == (2, 100)


@pytest.mark.parametrize("name", NOT_ALL_CLASSES)
def test_a_class_order_is_decided_by_its_seed(name: str) -> None:
    benchmark = BENCHMARKS[name]
    assert benchmark.ordered(1) == benchmark.ordered(1) != benchmark.ordered(2)
    assert benchmark.ordered(None) == benchmark


@given(seed=SEEDS, name=st.sampled_from(NOT_ALL_CLASSES))
def test_an_order_of_the_classes_loses_none(seed: int, name: str) -> None:
    benchmark = BENCHMARKS[name]
    ordered = benchmark.ordered(seed)
    if benchmark.tasks_by == "groups":
        assert sorted(ordered.groups) == list(range(benchmark.tasks))
        for group, classes in zip(ordered.groups, ordered.classes, strict=True):
            assert classes == benchmark.classes[group]
    else:
        assert [*map(len, ordered.classes)] == [*map(len, benchmark.classes)]
        assert labels(ordered) == labels(benchmark)


def test_there_is_no_order_of_classes_where_each_task_has_all() -> None:
    with pytest.raises(ValueError, match="permuted_mnist has all classes; leave out class_order"):
        BENCHMARKS["permuted_mnist"].ordered(1)


def test_a_stream_is_cut_to_its_first_tasks_and_never_lengthened() -> None:
    first = BENCHMARKS["split_omniglot"].first(2)
    assert first.classes == (tuple(range(20)), tuple(range(20, 49)))
    assert first.groups == (0, 1)
    assert BENCHMARKS["split_mnist"].first(None) == BENCHMARKS["split_mnist"]
    with pytest.raises(ValueError, match=r"split_mnist has 5 tasks; training.tasks is 6"):
        BENCHMARKS["split_mnist"].first(6)


def test_a_budget_orders_the_classes_before_it_cuts_the_stream() -> None:
    benchmark = BENCHMARKS["split_cifar100"]
    budget = TrainingBudget(epochs=1, class_order=3, tasks=2)
    assert benchmark.under(budget).classes == benchmark.ordered(3).classes[:2]


def test_a_budget_may_take_the_order_from_the_seed_of_the_run() -> None:
    benchmark = BENCHMARKS["split_mnist"]
    by_seed = TrainingBudget(epochs=1, class_order="seed")
    assert [benchmark.under(by_seed, seed) for seed in range(3)] == [
        benchmark.ordered(seed) for seed in range(3)
    ]
    fixed = TrainingBudget(epochs=1, class_order=7)
    assert benchmark.under(fixed, seed=1) == benchmark.under(fixed, seed=2)
