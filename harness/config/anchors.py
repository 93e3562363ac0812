"""Benchmarks in the settings of publications, whose numbers this code is held against.

Each is a stream of ours with the network, the budget and the strengths of a publication, so that
the same method can be held against the number printed there (`harness.analysis.anchors`). What is
known of a setting is in the publication or in its authors' code; what differs here is said at the
benchmark. Strengths are converted to the scale of our methods:

- EWC: ours is lambda / 2 * sum of F (w - w*)², F the mean of squared gradients of single examples.
  A publication without the half has twice its lambda here.
- SI: ours is c * sum of omega (w - w*)², as in all of them.
- MAS: ours takes the mean over examples of the size of each gradient of the squared norm of the
  outputs. A publication that takes the mean over the outputs instead of the sum has its lambda over
  the number of outputs here; one that takes the gradient of a batch's mean has less still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from harness.config.budgets import LONG, TrainingBudget, profiles

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Every benchmark in the setting of a publication.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    yield replace(
        benchmarks["split_mnist"],
        name="split_mnist_hsu",
        title="Split-MNIST as in Hsu et al. 2018",
        summary="MNIST in five tasks of two digits each, in the setting of Hsu et al. 2018: two "
        "layers of 400 units without BatchNorm, four epochs, images of 32 x 32 pixels.",
        dataset="mnist_padded_standardised",
        network="mlp_2x400",
        budgets=_budgets(
            TrainingBudget(
                epochs=4,
                batch_size=128,
                learning_rate=0.001,
                decay=False,
                norm="none",
                reset_optimizer=False,
            )
        ),
        heads=True,
        scenarios=("task-il", "domain-il", "class-il"),
        methods=("joint", "naive", "ewc", "si", "mas"),
        settings=_HSU,
        variant_of="split_mnist",
    )
    yield replace(
        benchmarks["permuted_mnist"],
        name="permuted_mnist_vandeven",
        title="Permuted-MNIST as in van de Ven & Tolias 2018",
        summary="MNIST ten times, each task with a permutation of the 1,024 pixels of its own, in "
        "the setting of van de Ven & Tolias 2018: two layers of 1,000 units without BatchNorm.",
        dataset="mnist_padded",
        network="mlp_2x1000",
        # 5,000 steps of 128 examples, of 60,000, are 10.7 epochs
        budgets=_budgets(
            TrainingBudget(
                epochs=11,
                batch_size=128,
                learning_rate=0.0001,
                decay=False,
                norm="none",
                reset_optimizer=False,
            )
        ),
        heads=True,
        scenarios=("task-il", "domain-il"),
        methods=("joint", "naive", "ewc", "si"),
        settings=_VAN_DE_VEN,
        variant_of="permuted_mnist",
    )
    yield replace(
        benchmarks["permuted_mnist"],
        name="permuted_mnist_wsn",
        title="Permuted-MNIST as in Kang et al. 2022",
        summary="MNIST ten times, each task with its own permutation of the 784 pixels, in the "
        "setting of Kang et al. 2022 (WSN): two layers of 100 units without BatchNorm or bias.",
        dataset="mnist_standardised",
        network="mlp_2x100",
        budgets=_budgets(
            TrainingBudget(
                epochs=5,
                batch_size=10,
                learning_rate=0.01,
                decay=False,
                optimizer="sgd",
                train_examples=54_000,  # the other 6,000 were for validation
                norm="none",
            )
        ),
        heads=True,
        scenarios=("task-il",),
        methods=("joint", "single", "naive", "ewc"),
        settings=_WSN,
        variant_of="permuted_mnist",
    )


def _budgets(published: TrainingBudget) -> Mapping[str, TrainingBudget]:
    """The publication's budget in every profile but the one for tests."""
    smoke = replace(published, epochs=1, train_examples=1024, test_examples=512)
    of_all = profiles(published, smoke, published, long_epochs=published.epochs)
    return {**of_all, LONG: published}


Settings = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Settings by scenario and method."""

_HSU: Final[Settings] = {
    "task-il": {
        "ewc": {"ewc_lambda": 200.0},  # 100 without the half
        "si": {"si_lambda": 300.0, "eps": 0.1},
        "mas": {"lambda_reg": 0.5},  # 1 over the mean of 2 outputs
    },
    "domain-il": {
        "ewc": {"ewc_lambda": 200.0},
        "si": {"si_lambda": 3000.0, "eps": 0.1},
        "mas": {"lambda_reg": 5000.0},
    },
    "class-il": {
        "ewc": {"ewc_lambda": 1200.0},
        "si": {"si_lambda": 600.0, "eps": 0.1},
        "mas": {"lambda_reg": 0.1},
    },
}
"""As the authors' scripts have them."""

_VAN_DE_VEN: Final[Settings] = {
    scenario: {"ewc": {"ewc_lambda": 100.0}, "si": {"si_lambda": 10.0, "eps": 0.1}}
    for scenario in ("task-il", "domain-il")
}
"""As the authors' code has them for Permuted-MNIST since 2022; those of 2018 are not known."""

_WSN: Final[Settings] = {"task-il": {"ewc": {"ewc_lambda": 10.0}}}
"""The publication does not say; 10 was the best of 3, 10 and 30 in a trial of one seed."""
