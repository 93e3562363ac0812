"""What `python -m harness.results hours` shows: what the comparisons cost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from baselines.registry import methods
from harness.analysis.cost import Cost, Timings, total
from harness.config.benchmark_registry import benchmarks
from harness.config.plan import default_methods
from harness.config.scenarios import scenarios_of
from harness.storage import store


def hours_table(results: Path, profile: str, seeds: int) -> str:
    """A Markdown table with a row for each benchmark that has stored runs, and their sum.

    Args:
        results: folder of all results.
        profile: name of the profile.
        seeds: number of seeds of every method.
    """
    lines = [
        "| benchmark | methods | runs | of them timed | hours of one worker | longest run |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    costs = list(_costs(results, profile, seeds))
    lines += [_row(f"`{name}`", count, cost) for name, count, cost in costs]
    if costs:
        every = [cost for _, _, cost in costs]
        whole = Cost(
            runs=sum(cost.runs for cost in every),
            untimed=sum(cost.untimed for cost in every),
            seconds=sum(cost.seconds for cost in every),
            longest=max(cost.longest for cost in every),
        )
        lines.append(_row("all", sum(count for _, count, _ in costs), whole))
    return "\n".join(lines)


def _costs(results: Path, profile: str, seeds: int) -> Iterator[tuple[str, int, Cost]]:
    known = methods()
    for name, benchmark in benchmarks().items():
        records = store.read(results, name, profile).records
        if records:
            names = default_methods(benchmark, known)
            runs = [*product(scenarios_of(benchmark), names)] * seeds
            timings = Timings(records)
            yield name, len(names), total(timings.of_method(*one) for one in runs)


def _row(title: str, count: int, cost: Cost) -> str:
    timed = cost.runs - cost.untimed
    hours, longest = (f"{seconds / 3600:.1f}" for seconds in (cost.seconds, cost.longest))
    return f"| {title} | {count} | {cost.runs} | {timed} | {hours} | {longest} |"
