"""Lee et al., "A neural Dirichlet process mixture model" (CN-DPM), ICLR 2020."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.config.anchors.setting import Settings, published
from harness.config.budgets import TrainingBudget

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Split-MNIST in one pass without task labels.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    yield replace(
        benchmarks["split_mnist_unsupervised"],
        name="split_mnist_cndpm",
        title="Split-MNIST without task labels as in Lee et al. 2020",
        summary="MNIST in five tasks of two digits each as one sequence of batches, in the setting "
        "of Lee et al. 2020 (CN-DPM): one pass in batches of ten, two layers of 100 units without "
        "BatchNorm. Neither task labels nor task boundaries are given.",
        network="mlp_2x100_bias",
        budgets=published(TrainingBudget(epochs=1, batch_size=10, decay=False, norm="none")),
        scenarios=("class-il",),
        methods=("cndpm",),
        settings=_SETTINGS,
        tuning_source="",
    )


_SETTINGS: Final[Settings] = {
    "class-il": {
        "cndpm": {
            "generator_steps": 8000,
            "classifier_steps": 2000,
            "generator_lr": 0.0004,
            "classifier_lr": 0.0001,
        }
    }
}
"""As the authors' configuration has them; their experts are of 64 units, and share features."""
