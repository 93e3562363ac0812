"""Titsias et al., "Functional regularisation for continual learning" (FRCL), ICLR 2020.

Epochs, batches and learning rate are those of a reproduction (AndreevP/FRCL), which has 98.6 on
Split-MNIST and 94.2 on Permuted-MNIST; the publication's are not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.config.anchors.setting import Settings, published
from harness.config.budgets import TrainingBudget

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Split-MNIST and Permuted-MNIST with a head for each task.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    yield replace(
        benchmarks["split_mnist"],
        name="split_mnist_frcl",
        title="Split-MNIST as in Titsias et al. 2020",
        summary="MNIST in five tasks of two digits each, in the setting of Titsias et al. 2020 "
        "(FRCL): two layers of 256 units without BatchNorm, a head per task.",
        network="mlp_2x256",
        budgets=published(replace(_BUDGET, epochs=4)),
        heads=True,
        scenarios=("task-il",),
        methods=("frcl",),
        settings=_SPLIT,
        variant_of="split_mnist",
    )
    yield replace(
        benchmarks["permuted_mnist"],
        name="permuted_mnist_frcl",
        title="Permuted-MNIST as in Titsias et al. 2020",
        summary="MNIST ten times, each task with its own permutation of the 784 pixels, in the "
        "setting of Titsias et al. 2020 (FRCL): two layers of 100 units without BatchNorm, a head "
        "per task.",
        network="mlp_2x100_bias",
        budgets=published(replace(_BUDGET, epochs=8)),
        heads=True,
        scenarios=("task-il",),
        methods=("frcl",),
        settings=_PERMUTED,
        variant_of="permuted_mnist",
    )


_BUDGET: Final = TrainingBudget(
    epochs=8, batch_size=64, learning_rate=0.001, decay=False, norm="none"
)

_SPLIT: Final[Settings] = {"task-il": {"frcl": {"per_task": 40}}}
_PERMUTED: Final[Settings] = {"task-il": {"frcl": {"per_task": 200}}}
"""Random inducing points, FRCL-RND."""
