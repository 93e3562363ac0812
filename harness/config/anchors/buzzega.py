"""Buzzega et al., "Dark experience for general continual learning" (DER), NeurIPS 2020.

The settings are those of the authors' framework, mammoth (`utils/best_args.py`), for Split-MNIST
and a buffer of 200 examples. Theirs is filled by reservoir sampling; ours is divided among the
tasks so far when one has been learned. Their loss is over all ten classes from the first task on;
over those seen so far DER++ has 82.4 and A-GEM 38.8 (means of three seeds), over all of them 85.1
and 48.4 (of two).
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
    """Split-MNIST in one pass without the task identity, at the learning rate of each method.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    common = replace(
        benchmarks["split_mnist"],
        name="split_mnist_mammoth",
        title="Split-MNIST as in Buzzega et al. 2020",
        summary="MNIST in five tasks of two digits each, in the setting of Buzzega et al. 2020 "
        "(mammoth): two layers of 100 units without BatchNorm, one pass by SGD.",
        network="mlp_2x100_bias",
        budgets=published(_BUDGET),
        loss_over_all=True,
        scenarios=("class-il",),
        methods=("naive", "derpp"),
        settings=_SETTINGS,
        variant_of="split_mnist",
    )
    yield common
    yield replace(
        common,
        name="split_mnist_mammoth_agem",
        title="Split-MNIST as in Buzzega et al. 2020, A-GEM",
        summary=f"{common.summary} The learning rate is the one of A-GEM.",
        budgets=published(replace(_BUDGET, learning_rate=0.1)),
        methods=("agem",),
        settings=_SETTINGS_OF_AGEM,
    )


_BUDGET: Final = TrainingBudget(
    epochs=1, batch_size=10, learning_rate=0.03, decay=False, optimizer="sgd", norm="none"
)

_SETTINGS: Final[Settings] = {
    "class-il": {"derpp": {"alpha": 0.2, "beta": 1.0, "sample": 128, "in_all": 200}}
}

_SETTINGS_OF_AGEM: Final[Settings] = {"class-il": {"agem": {"sample": 128, "in_all": 200}}}
