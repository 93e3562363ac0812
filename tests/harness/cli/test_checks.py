"""Methods and scenarios that do not suit a benchmark."""

from __future__ import annotations

import pytest

from baselines.registry import methods
from harness.cli.arguments import ArgumentError
from harness.cli.checks import check_compatible, chosen_scenarios
from harness.config.benchmarks import BENCHMARKS

MNIST = BENCHMARKS["split_mnist"]


def test_too_much_and_too_little_supervision_are_refused() -> None:
    known = methods()
    check_compatible(MNIST, ["rmn", "ewc"], known)
    with pytest.raises(ArgumentError, match="rmn_unsupervised is for streams without task labels"):
        check_compatible(MNIST, ["rmn_unsupervised"], known)
    with pytest.raises(ArgumentError, match=r"hat needs task labels, and .* has none") as refused:
        check_compatible(BENCHMARKS["split_mnist_fuzzy"], ["ewc", "hat"], known)
    _, _, proposed = str(refused.value).partition("--benchmark ")
    assert proposed.split(" or ") == [name for name, one in BENCHMARKS.items() if one.labelled]


def test_scenarios_are_those_of_the_benchmark_or_the_ones_named() -> None:
    assert chosen_scenarios(MNIST, None) == ("task-il", "class-il")
    assert chosen_scenarios(MNIST, "domain-il, task-il") == ("domain-il", "task-il")
    with pytest.raises(ArgumentError, match="unknown scenario 'clas-il'; did you mean 'class-il'"):
        chosen_scenarios(MNIST, "clas-il")
    with pytest.raises(ArgumentError, match="compared in class-il; try --scenario task-il or dom"):
        chosen_scenarios(BENCHMARKS["permuted_mnist"], "task-il,class-il")
