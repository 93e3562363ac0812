"""From what was asked for to the list of runs that answers it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from baselines.interface import Baseline, Supervision
from harness.config.benchmarks import Benchmark
from harness.config.budgets import AUTO, TrainingBudget
from harness.config.code import code_of
from harness.config.resolution import TRAINING, Resolved
from harness.config.run import Run
from harness.config.scenarios import under_scenario
from harness.config.settings import SettingError


def is_compatible(benchmark: Benchmark, method: type[Baseline]) -> bool:
    """Whether a method can be trained on a benchmark, and was made for its kind of stream.

    A method without any supervision is for streams without labels, one that needs task labels for
    streams with them; any other is for both.

    Args:
        benchmark: the stream.
        method: what would be trained on it.
    """
    excluded = Supervision.NONE if benchmark.labelled else Supervision.TASK_LABELS
    return method.supervision is not excluded


def default_methods(benchmark: Benchmark, methods: Mapping[str, type[Baseline]]) -> list[str]:
    """Names of the methods that are compared on a benchmark unless others are asked for.

    Args:
        benchmark: the stream.
        methods: every method by name.
    """
    if benchmark.methods:
        return [name for name in methods if name in benchmark.methods]
    return [
        name
        for name, method in methods.items()
        if is_compatible(benchmark, method) and method.role in benchmark.default_roles
    ]


def plan(
    benchmark: Benchmark,
    profile: str,
    budget: TrainingBudget,
    methods: Mapping[str, type[Baseline]],
    settings: Mapping[str, Mapping[str, Resolved]],
    seeds: Iterable[int],
) -> list[Run]:
    """Every run of a comparison, by scenario, then by method, then by seed.

    Args:
        benchmark: which tasks.
        profile: name of the profile that the budget is from.
        budget: the training budget.
        methods: what is compared, by name.
        settings: by scenario (`harness.config.scenarios.SCENARIOS`), of each method by name.
        seeds: of each method in each scenario.

    Raises:
        SettingError: the settings of a method do not suit the stream, or the budget does not suit a
            scenario; says which to change.
    """
    tasks, chosen = benchmark.under(budget).tasks, list(seeds)
    for of_scenario in settings.values():
        for name, resolved in of_scenario.items():
            _check_stream(methods[name](**resolved.values), tasks)
    runs: list[Run] = []
    for scenario, of_scenario in settings.items():
        for name, resolved in of_scenario.items():
            method = methods[name]
            code = code_of(benchmark, method)
            run = Run(
                benchmark=benchmark.name,
                scenario=scenario,
                baseline=name,
                settings=dict(resolved.values),
                profile=profile,
                training=under_scenario(benchmark, scenario, method, budget).identity(),
                seed=0,
                versions=code.versions,
                overrides=_overrides(resolved, benchmark, scenario, method, budget),
                plugins=code.plugins,
            )
            runs += [replace(run, seed=seed) for seed in chosen]
    return runs


def _overrides(
    resolved: Resolved,
    benchmark: Benchmark,
    scenario: str,
    method: type[Baseline],
    budget: TrainingBudget,
) -> dict[str, Any]:
    """What differs from the defaults; a norm or outputs that were asked for need not."""
    usual = replace(budget, norm=AUTO, outputs=AUTO)
    usual = under_scenario(benchmark, scenario, method, usual)
    decided = {f"{TRAINING}.norm": usual.norm, f"{TRAINING}.outputs": usual.outputs}
    return {
        name: value
        for name, value in resolved.overrides.items()
        if name not in decided or value != decided[name]
    }


def _check_stream(method: Baseline, tasks: int) -> None:
    try:
        method.check_stream(tasks)
    except ValueError as error:
        raise SettingError(str(error)) from None


def part(runs: Sequence[Run], number: int, parts: int) -> list[Run]:
    """Part `number`, from 1, of so many parts that differ by one run at most.

    Every run of a plan belongs to one part, whatever is finished meanwhile: commands that make
    different parts at the same time never make the same run.

    Args:
        runs: the whole plan.
        number: of the part, from 1.
        parts: number of parts.
    """
    return list(runs[number - 1 :: parts])
