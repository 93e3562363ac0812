"""From what was asked to the list of runs that answers it; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from baselines.interface import Baseline, Told
from harness.config.benchmarks import Benchmark
from harness.config.resolution import Resolved
from harness.config.run import Run


def suits(benchmark: Benchmark, method: type[Baseline]) -> bool:
    """Whether a benchmark tells a method what it must be told, and is what it was made for."""
    return method.told is not (Told.NOTHING if benchmark.labelled else Told.LABELS)


def plan(
    benchmark: Benchmark,
    profile: str,
    methods: Mapping[str, type[Baseline]],
    settings: Mapping[str, Resolved],
    seeds: int,
    rows: int,
) -> list[Run]:
    """Every run of a comparison, by method and then by seed.

    Args:
        benchmark: which tasks.
        profile: key of the benchmark's training budgets.
        methods: what is compared, by name.
        settings: of each method.
        seeds: number of seeds; they are 0 to seeds - 1.
        rows: version of the rows (`harness.storage.schema.VERSION`).
    """
    return [
        Run(
            benchmark=benchmark.name,
            baseline=name,
            settings=dict(settings[name].values),
            profile=profile,
            training=benchmark.training[profile].identity(),
            seed=seed,
            versions={"benchmark": benchmark.version, "baseline": method.version, "rows": rows},
            setting=settings[name].changed,
        )
        for name, method in methods.items()
        for seed in range(seeds)
    ]


def part(runs: Sequence[Run], number: int, parts: int) -> list[Run]:
    """Part `number`, from 1, of so many parts that differ by one run at most.

    Every run of a plan belongs to one part, whatever is finished meanwhile: commands that make
    different parts at the same time never make the same run.
    """
    return list(runs[number - 1 :: parts])
