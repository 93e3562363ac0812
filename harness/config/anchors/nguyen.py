"""Nguyen, Li, Bui & Turner, "Variational continual learning" (VCL), ICLR 2018."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.config.anchors.setting import Settings, published
from harness.config.budgets import TrainingBudget

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Split-MNIST with a head for each task, and Permuted-MNIST with one for all.

    A batch of Split-MNIST is a whole task, as in the authors' code: a step an epoch.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    yield replace(
        benchmarks["split_mnist"],
        name="split_mnist_vcl",
        title="Split-MNIST as in Nguyen et al. 2018",
        summary="MNIST in five tasks of two digits each, in the setting of Nguyen et al. 2018 "
        "(VCL): two layers of 256 units without BatchNorm, begun from normals of deviation 0.1, "
        "a head per task, 120 steps of Adam a task, each on all of its examples.",
        network="mlp_2x256_wide_start",
        budgets=published(replace(_BUDGET, epochs=120, batch_size=13_000)),
        heads=True,
        scenarios=("task-il",),
        methods=("vcl",),
        settings=_SPLIT,
        variant_of="split_mnist",
    )
    yield replace(
        benchmarks["permuted_mnist"],
        name="permuted_mnist_vcl",
        title="Permuted-MNIST as in Nguyen et al. 2018",
        summary="MNIST ten times, each task with its own permutation of the 784 pixels, in the "
        "setting of Nguyen et al. 2018 (VCL): two layers of 100 units without BatchNorm, 100 "
        "epochs of Adam.",
        network="mlp_2x100_bias",
        budgets=published(_BUDGET),
        scenarios=("domain-il",),
        methods=("vcl",),
        settings=_PERMUTED,
        variant_of="permuted_mnist",
    )


_BUDGET: Final = TrainingBudget(
    epochs=100, batch_size=256, learning_rate=0.001, decay=False, norm="none"
)

_SPLIT: Final[Settings] = {"task-il": {"vcl": {"kl_weight": 1.0}}}
_PERMUTED: Final[Settings] = {"domain-il": {"vcl": {"kl_weight": 1.0, "draws": 10}}}
