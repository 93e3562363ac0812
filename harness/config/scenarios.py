"""The scenarios of continual learning, and what normalisation and outputs each allows; pure.

A scenario says what is asked of a method at test (van de Ven & Tolias 2019; van de Ven, Tuytelaars
& Tolias, Nature Machine Intelligence 2022):

- task-il: the task identity is given in training and at test, to every method alike. Loss and
  answers are over the task's own outputs.
- domain-il: all tasks share their outputs, and no identity is given at test.
- class-il: the answer is among all classes seen so far, and no identity is given at test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from baselines.interface import Baseline, Requirement
from harness.config.benchmarks import NEVER_UNNORMALISED, Benchmark
from harness.config.budgets import AUTO, TrainingBudget
from harness.config.settings import SettingError

TASK_IL: Final = "task-il"
DOMAIN_IL: Final = "domain-il"
CLASS_IL: Final = "class-il"

SCENARIOS: Final[dict[str, str]] = {
    TASK_IL: "the task identity is given in training and at test; loss and answers are over the "
    "task's own outputs",
    DOMAIN_IL: "all tasks share their outputs; no identity is given at test",
    CLASS_IL: "the answer is among all classes seen so far; no identity is given at test",
}
"""What each scenario asks, for help and reports."""


def scenarios_of(benchmark: Benchmark) -> tuple[str, ...]:
    """The scenarios that a benchmark is compared in unless others are asked for.

    A stream without task labels gives no identity in training, and has but one.
    """
    if benchmark.scenarios:
        return benchmark.scenarios
    unidentified = CLASS_IL if benchmark.disjoint else DOMAIN_IL
    return (TASK_IL, unidentified) if benchmark.labelled else (unidentified,)


def allowed_scenarios(benchmark: Benchmark) -> tuple[str, ...]:
    """The scenarios that a benchmark can be compared in.

    Classes that all tasks have are no class-incremental problem; classes of a task's own can be
    numbered within each task, which is a domain-incremental one.
    """
    if not benchmark.labelled:
        return scenarios_of(benchmark)
    return tuple(SCENARIOS) if benchmark.disjoint else (TASK_IL, DOMAIN_IL)


def under_scenario(
    benchmark: Benchmark, scenario: str, method: type[Baseline], budget: TrainingBudget
) -> TrainingBudget:
    """The budget of a method in a scenario, with its normalisation and its outputs decided.

    A method with a function per task has one BatchNorm per task in every scenario: without the
    identity it answers by the task that it infers.

    Args:
        benchmark: the tasks.
        scenario: one of `SCENARIOS`.
        method: what is trained.
        budget: as asked for, perhaps with "auto" for norm and outputs.

    Raises:
        SettingError: the benchmark cannot be compared in this scenario, the scenario has no such
            normalisation or outputs, or the method no form for the network or the optimizer; says
            what to choose.
    """
    possible = allowed_scenarios(benchmark)
    if scenario not in possible:
        raise SettingError(
            f"{benchmark.name} cannot be compared in {scenario}; choose {' or '.join(possible)}"
        )
    if benchmark.network in method.unsuited_networks:
        raise SettingError(
            f"{method.name} is not defined for the {benchmark.network} of {benchmark.name}; leave "
            "it out, or choose another benchmark"
        )
    if method.adam_alone and budget.optimizer != "adam":
        raise SettingError(
            f"{method.name} learns by Adam, as published, and not by "
            f"training.optimizer={budget.optimizer}; leave one of them out"
        )
    norm, outputs = budget.norm, budget.outputs
    if norm == AUTO:
        norm = "per-task" if scenario == TASK_IL or method.rule else "shared"
    if outputs == AUTO:
        outputs = _usual_outputs(benchmark, scenario)
    if norm == "per-task" and scenario != TASK_IL and not method.rule:
        raise SettingError(
            f"training.norm=per-task needs the task identity, which {scenario} does not give at "
            f"test, and {method.name} infers none; choose shared, none or group"
        )
    if norm == "none" and benchmark.network in NEVER_UNNORMALISED:
        raise SettingError(
            f"training.norm=none does not go with {benchmark.name}: its {benchmark.network} cannot "
            "be trained without normalisation; choose shared or group"
        )
    allowed = _OUTPUTS[scenario] if benchmark.disjoint else _OUTPUTS_OF_SAME_CLASSES[scenario]
    if outputs not in allowed:
        raise SettingError(
            f"training.outputs={outputs} does not go with {benchmark.name} in {scenario}; "
            f"choose {' or '.join(allowed)}"
        )
    return replace(budget, norm=norm, outputs=outputs)


def _usual_outputs(benchmark: Benchmark, scenario: str) -> Literal["own", "heads", "shared"]:
    if scenario == TASK_IL and benchmark.heads:
        return "heads"
    return "shared" if scenario == DOMAIN_IL or not benchmark.disjoint else "own"


_OUTPUTS: Final = {
    TASK_IL: ("own", "heads", "shared"),
    DOMAIN_IL: ("shared",),
    CLASS_IL: ("own",),
}

_OUTPUTS_OF_SAME_CLASSES: Final = {TASK_IL: ("shared", "heads"), DOMAIN_IL: ("shared",)}


def given_by(scenario: str, budget: TrainingBudget) -> frozenset[Requirement]:
    """What a comparison gives to, or asks of, every method alike.

    Args:
        scenario: one of `SCENARIOS`.
        budget: as `under_scenario` has decided it.
    """
    given = set()
    if scenario == TASK_IL:
        given.add(Requirement.TASK_IDENTITY)
    if budget.outputs == "heads":
        given.add(Requirement.HEAD_PER_TASK)
    if budget.norm == "per-task":
        given |= {Requirement.NORM_PER_TASK, Requirement.TASK_IDENTITY}
    return frozenset(given)
