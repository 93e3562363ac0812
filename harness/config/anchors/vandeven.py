"""van de Ven & Tolias, "Generative replay with feedback connections", 2018."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from harness.config.anchors.setting import Settings, published
from harness.config.budgets import TrainingBudget

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Permuted-MNIST, with and without the task identity.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    yield replace(
        benchmarks["permuted_mnist"],
        name="permuted_mnist_vandeven",
        title="Permuted-MNIST as in van de Ven & Tolias 2018",
        summary="MNIST ten times, each task with a permutation of the 1,024 pixels of its own, in "
        "the setting of van de Ven & Tolias 2018: two layers of 1,000 units without BatchNorm.",
        dataset="mnist_padded",
        network="mlp_2x1000",
        # 5,000 steps of 128 examples, of 60,000, are 10.7 epochs
        budgets=published(
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
        settings=_SETTINGS,
        variant_of="permuted_mnist",
    )


_SETTINGS: Final[Settings] = {
    scenario: {"ewc": {"ewc_lambda": 100.0}, "si": {"si_lambda": 10.0, "eps": 0.1}}
    for scenario in ("task-il", "domain-il")
}
"""As the authors' code has them for Permuted-MNIST since 2022; those of 2018 are not known."""
