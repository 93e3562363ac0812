"""What `python -m harness.results hours` shows: what the comparisons cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Final

from baselines.registry import methods
from harness.analysis.cost import Cost, Timings, total
from harness.config.benchmark_registry import benchmarks
from harness.config.devices import DEVICES
from harness.config.plan import default_methods
from harness.config.scenarios import scenarios_of
from harness.reporting.markdown_table import markdown_table
from harness.storage import store

_HEAD: Final = (
    *("benchmark", "device", "methods", "runs", "of them timed", "hours of one worker"),
    "minutes a run of the longest",
)


def hours_table(results: Path, profile: str, seeds: int) -> str:
    """A Markdown table with a row for each benchmark and kind of device that has stored runs.

    A last row for each kind of device has their sum.

    Args:
        results: folder of all results.
        profile: name of the profile.
        seeds: number of seeds of every method.
    """
    costs = list(_costs(results, profile, seeds))
    rows = [_row(f"`{name}`", device, count, cost) for name, device, count, cost in costs]
    every = {device: [(n, cost) for _, on, n, cost in costs if on == device] for device in DEVICES}
    rows += [_row("all", device, *_sum(each)) for device, each in every.items() if each]
    return markdown_table(_HEAD, rows, words={0, 1})


def _sum(every: Sequence[tuple[int, Cost]]) -> tuple[int, Cost]:
    """The number of methods and the cost of several benchmarks."""
    return sum(count for count, _ in every), Cost(
        runs=sum(cost.runs for _, cost in every),
        untimed=sum(cost.untimed for _, cost in every),
        seconds=sum(cost.seconds for _, cost in every),
        longest=max(cost.longest for _, cost in every),
    )


def _costs(results: Path, profile: str, seeds: int) -> Iterator[tuple[str, str, int, Cost]]:
    known = methods()
    for name, benchmark in benchmarks().items():
        records = store.read(results, name, profile).records
        names = default_methods(benchmark, known)
        runs = [*product(scenarios_of(benchmark), names)] * seeds
        for device in DEVICES:
            timings = Timings(records, device)
            cost = total(timings.of_method(*one) for one in runs)
            if cost.untimed < cost.runs:
                yield name, device, len(names), cost


def _row(title: str, device: str, count: int, cost: Cost) -> list[str]:
    timed = cost.runs - cost.untimed
    hours, longest = cost.seconds / 3600, cost.longest / 60
    counts = [str(number) for number in (count, cost.runs, timed)]
    return [title, device, *counts, f"{hours:.1f}", f"{longest:.1f}"]
