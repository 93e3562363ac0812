"""Chaudhry, Dokania, Ajanthan & Torr, "Riemannian walk for incremental learning", ECCV 2018."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.config.anchors.setting import Settings, published
from harness.config.budgets import TrainingBudget

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Split-MNIST with a head for each task.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    yield replace(
        benchmarks["split_mnist"],
        name="split_mnist_rwalk",
        title="Split-MNIST as in Chaudhry et al. 2018",
        summary="MNIST in five tasks of two digits each, in the setting of Chaudhry et al. 2018 "
        "(RWalk): two layers of 256 units without BatchNorm, ten epochs of Adam, a head per task.",
        network="mlp_2x256",
        budgets=published(
            TrainingBudget(epochs=10, batch_size=64, learning_rate=0.001, decay=False, norm="none")
        ),
        heads=True,
        scenarios=("task-il",),
        methods=("rwalk",),
        settings=_SETTINGS,
        variant_of="split_mnist",
    )


_SETTINGS: Final[Settings] = {
    "task-il": {"rwalk": {"rwalk_lambda": 0.1, "alpha": 0.9, "interval": 10}}
}
"""As ContinualAI's reproduction of the publication has them (continual-learning-baselines)."""
