"""The ablation of RMN: what is varied, one thing at a time, and the runs that measure it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from baselines.interface import Baseline
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import ABLATION
from harness.config.plan import plan
from harness.config.resolution import resolve, resolve_budget
from harness.config.run import Run
from harness.config.scenarios import TASK_IL, scenarios_of

RELATED: Final = "permuted_mnist_related"
"""The benchmark of related and of unrelated tasks."""

ABLATED: Final = ("split_mnist", "permuted_mnist", "split_cifar100", "split_omniglot", RELATED)
"""The benchmarks of the ablation."""

_INSTEAD: Final = {"transfer": False}
"""What stands in for a default: masks begin at random, as in the paper, so that no factor is seen
through the masks of earlier tasks."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A method with something changed.

    Attributes:
        title: as printed.
        settings: of the method that differ from its defaults, as on the command line.
        training: likewise of the training budget.
        method: its name.
    """

    title: str
    settings: Mapping[str, str] = field(default_factory=dict)
    training: Mapping[str, str] = field(default_factory=dict)
    method: str = "rmn"


@dataclass(frozen=True, slots=True)
class Factor:
    """What is varied while all else stays at its default, or at what is `_INSTEAD`: none is tuned.

    Attributes:
        name: as typed on the command line.
        title: as printed.
        variants: the first is what the others are held against.
        identity: whether the task identity is given at test.
        benchmarks: that it is measured on; the others have nothing to say about it.
    """

    name: str
    title: str
    variants: tuple[Variant, ...]
    identity: bool = True
    benchmarks: tuple[str, ...] = ABLATED[:-1]

    def scenario(self, benchmark: Benchmark) -> str:
        """The scenario that it is measured in on a benchmark.

        Args:
            benchmark: one of its own.
        """
        return TASK_IL if self.identity else scenarios_of(benchmark)[-1]


@dataclass(frozen=True, slots=True)
class AblationRun:
    """A run and what it stands for.

    Attributes:
        factor: name of the factor.
        variant: title of the variant.
        run: the run; several factors share those of the default.
    """

    factor: str
    variant: str
    run: Run


def _constant_beta(beta: int) -> Variant:
    return Variant(f"constant, {beta}", {"beta": str(beta), "beta_end": "none"})


def _mapping_lr(rate: str) -> Variant:
    return Variant(rate, {"mapping_lr": rate})


def _penalty(title: str, **weights: str) -> Variant:
    return Variant(title, {"l0_weight": "0", **weights})


def _quiet(title: str, **settings: str) -> Variant:
    """RMN+ has the step on negatives; its router is the cheapest, for it is not looked at."""
    return Variant(title, {"router": "calibrated-logit", **settings}, method="rmn_plus")


FACTORS: Final[dict[str, Factor]] = {
    factor.name: factor
    for factor in (
        Factor(
            "beta",
            "Beta",
            (
                Variant("rising, 50 to 2000"),
                *map(_constant_beta, (10, 50, 80, 100, 200)),
                Variant("learned, from 50", {"learn_beta": "true"}),
            ),
        ),
        Factor(
            "start",
            "First values of the mappings",
            (
                Variant("N(0.5, 0.02)"),
                Variant("skewed normal", {"initialisation": "skewed_normal"}),
                Variant("uniform", {"initialisation": "uniform"}),
            ),
        ),
        Factor(
            "pruning",
            "Pruning",
            (
                Variant("none"),
                Variant("after late epochs", {"pruning": "late"}),
                Variant("at convergence", {"pruning": "converged"}),
            ),
        ),
        Factor(
            "mapping_lr",
            "Learning rate of the mappings",
            (
                Variant("0.002"),
                *map(_mapping_lr, ("0.0005", "0.001", "0.005", "0.02")),
            ),
        ),
        Factor(
            "norm",
            "BatchNorm",
            (
                Variant("one per task"),
                Variant("one for all", training={"norm": "shared"}),
                Variant("none", training={"norm": "none"}),
            ),
        ),
        Factor(
            "penalties",
            "Penalties",
            (
                Variant("L0, 0.3"),
                _penalty("none"),
                _penalty("L1, 0.05", l1_weight="0.05"),
                _penalty("overlap, 0.05", overlap_weight="0.05"),
                _penalty("overlap, -0.05", overlap_weight="-0.05"),
                Variant("L0, 0.3, and overlap, -0.05", {"overlap_weight": "-0.05"}),
            ),
        ),
        Factor(
            "head",
            "Output layer",
            (
                Variant("one, with a mask per task"),
                Variant("one per task", training={"outputs": "heads"}),
            ),
        ),
        Factor(
            "affine",
            "Augmentation",
            (Variant("none"), Variant("random affine", training={"affine": "true"})),
        ),
        Factor(
            "transfer",
            "Where a mask begins",
            (
                Variant("random"),
                Variant("the most suitable finished mask", {"transfer": "true"}),
            ),
            benchmarks=ABLATED,
        ),
        Factor(
            "noise",
            "Step towards no output on negatives (Algorithm 2), the task named by the max rule",
            (
                _quiet("none"),
                _quiet("Gaussian noise", quiet_weight="0.1", negatives="noise"),
                _quiet("shuffled pixels", quiet_weight="0.1", negatives="shuffled"),
            ),
            identity=False,
        ),
    )
}
"""Every factor by its name."""


def ablation_runs(
    benchmark: Benchmark,
    factors: Iterable[Factor],
    methods: Mapping[str, type[Baseline]],
    seeds: Iterable[int],
) -> Iterator[AblationRun]:
    """The runs of an ablation on one benchmark.

    Args:
        benchmark: one of `ABLATED`.
        factors: those that are not measured on the benchmark have no runs.
        methods: every method by name.
        seeds: of each variant.

    Raises:
        SettingError: a variant does not suit the benchmark.
    """
    chosen = list(seeds)
    for factor in factors:
        if benchmark.name not in factor.benchmarks:
            continue
        scenario = factor.scenario(benchmark)
        for variant in factor.variants:
            method = methods[variant.method]
            budget, changed = resolve_budget(benchmark.budgets[ABLATION], variant.training)
            resolved = resolve(method, _INSTEAD, variant.settings).also(changed)
            settings = {scenario: {variant.method: resolved}}
            used = {variant.method: method}
            for run in plan(benchmark, ABLATION, budget, used, settings, chosen):
                yield AblationRun(factor.name, variant.title, run)


def ablated_benchmarks() -> dict[str, Benchmark]:
    """Every benchmark of the ablation by its name."""
    return {name: BENCHMARKS[name] for name in ABLATED}
