"""Kang et al., "Forget-free continual learning with winning subnetworks" (WSN), ICML 2022."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.config.anchors.setting import Settings, published
from harness.config.budgets import TrainingBudget

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Permuted-MNIST by the steps of the baselines, and by those of WSN itself.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    baselines = replace(
        benchmarks["permuted_mnist"],
        name="permuted_mnist_wsn",
        title="Permuted-MNIST as in Kang et al. 2022",
        summary="MNIST ten times, each task with its own permutation of the 784 pixels, in the "
        "setting of Kang et al. 2022 (WSN): two layers of 100 units without BatchNorm or bias.",
        dataset="mnist_standardised",
        network="mlp_2x100",
        budgets=published(_BUDGET),
        heads=True,
        scenarios=("task-il",),
        methods=("joint", "single", "naive", "ewc", "gpm"),
        settings=_BASELINES,
        variant_of="permuted_mnist",
    )
    yield baselines
    yield replace(
        baselines,
        name="permuted_mnist_wsn_masks",
        title="Permuted-MNIST as in Kang et al. 2022, mask methods",
        summary=f"{baselines.summary} Steps are those of the authors' script for WSN: Adam.",
        budgets=published(replace(_BUDGET, optimizer="adam", learning_rate=0.001)),
        methods=("packnet", "supsup", "wsn"),
        settings=_MASKS,
    )


_BUDGET: Final = TrainingBudget(
    epochs=5,
    batch_size=10,
    learning_rate=0.01,
    decay=False,
    optimizer="sgd",
    train_examples=54_000,  # the other 6,000 were for validation
    norm="none",
)

_BASELINES: Final[Settings] = {
    "task-il": {"ewc": {"ewc_lambda": 10.0}, "gpm": {"threshold": 0.95, "learning_rate": 0.01}}
}
"""EWC: the publication does not say; 10 was the best of 3, 10 and 30 in a trial of one seed."""

_MASKS: Final[Settings] = {
    "task-il": {
        "wsn": {"density": 0.3, "score_lr": 0.001},
        "packnet": {"prune_share": 0.9},
        "supsup": {"density": 0.5, "score_lr": 0.0001},
    }
}
"""WSN: the best of the printed densities. Of the others the publication says nothing and its
repository has no code. PackNet prunes nine tenths of what is free, so that the tenth task has
weights left: by 0.75, the share of its own scripts, which are for four tasks, all ten reach 94.3.
SupSup has the learning rate of its publication, by which a task is learned to 96.4, by 0.001 to
94.8."""
