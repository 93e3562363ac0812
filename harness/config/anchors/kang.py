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
    """Permuted-MNIST by the steps of the baselines, by those of EWC, and by those of WSN itself.

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
        methods=("joint", "single", "naive", "gpm"),
        settings=_BASELINES,
        variant_of="permuted_mnist",
    )
    yield baselines
    yield replace(
        baselines,
        name="permuted_mnist_wsn_ewc",
        title="Permuted-MNIST as in Kang et al. 2022, EWC",
        summary=f"{baselines.summary} The learning rate is that of EWC, 0.03.",
        budgets=published(replace(_BUDGET, learning_rate=0.03)),
        methods=("ewc",),
        settings=_EWC,
    )
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

_BASELINES: Final[Settings] = {"task-il": {"gpm": {"threshold": 0.95, "learning_rate": 0.01}}}

_EWC: Final[Settings] = {"task-il": {"ewc": {"ewc_lambda": 1000 / 20, "mode": "mean"}}}
"""The publication has 1,000 and does not say whose EWC it is. Taken for that of Serrà et al., whose
lambda is a twentieth here (`MeanPenaltyPlugin`)."""

_MASKS: Final[Settings] = {
    "task-il": {
        "wsn": {"density": 0.3, "score_lr": 0.001},
        "packnet": {"prune_share": 0.9},
        "supsup": {"density": 0.5, "score_lr": 0.0001},
    }
}
"""WSN: the best of the printed densities. PackNet prunes nine tenths of what is free; published is
a tenth of each layer a task, whatever is free, so that theirs uses all weights and ours 65 %. Of
SupSup nothing is said: it has the learning rate of its own publication, by which a task is learned
to 96.4, by 0.001 to 94.8."""
