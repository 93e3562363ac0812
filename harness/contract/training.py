"""Laws of what a method does in whole runs, of seconds each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np
from torch import nn

from baselines.interface import Requirement, Role, Supervision
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, TASK_IL
from harness.config.settings import SettingError
from harness.contract.law import Method, broken, law
from harness.contract.subject import Subject, accuracy, made, small_context, small_stream, untimed
from harness.experiment.backbones import Backbones
from harness.experiment.building import build
from harness.storage.schema import CLASSES_SEEN

SHORT: Final[dict[str, Any]] = {"batch_size": 16, "train_examples": 256, "tasks": 2}
"""What is changed of the budget for many runs of a method."""

SHORTEST: Final[dict[str, Any]] = {**SHORT, "epochs": 1, "test_examples": 50}
"""For what does not ask how well a method learns."""

LEARNED: Final = 0.9
"""Accuracy on a task of two digits from which it counts as learned."""

ABOVE_CHANCE: Final = 0.75
"""Accuracy on a task of two digits that is not guessed: without task labels a plain optimizer does
not tell two digits as well where the loss is over all of them."""

COMBINATIONS: Final = (
    (TASK_IL, "own", "per-task"),
    (TASK_IL, "own", "none"),
    (TASK_IL, "heads", "per-task"),
    (TASK_IL, "heads", "group"),
    (TASK_IL, "shared", "shared"),
    (CLASS_IL, "own", "per-task"),
    (CLASS_IL, "own", "shared"),
    (DOMAIN_IL, "shared", "none"),
    (DOMAIN_IL, "shared", "group"),
)
"""Scenarios, with outputs and normalisations of all kinds."""

_HELD: Final = {
    "stored_examples": ("stored examples", Requirement.REPLAY),
    "other_networks": ("other networks", Requirement.SEVERAL_MODELS),
    "generators": ("generators", Requirement.GENERATIVE_REPLAY),
}
"""By measurement, what a strategy was seen to hold and what says so."""

_LEARNING: Final = (
    "see that build passes context.model(), context.criterion() and "
    "**context.strategy_arguments() on to the strategy; if its defaults are for tasks of more "
    "than some hundred examples, declare check_settings"
)


def _without_labels(method: Method) -> str:
    return "it is for streams without task labels" if not Subject(method).labelled else ""


@law(f"It learns the last of three tasks of two digits, to more than {LEARNED:.0%}.")
def it_learns_the_last_task(subject: Subject) -> str:
    """With the task identity where the stream has any."""
    reached = accuracy(subject.outcome().rows, 3, 3)
    if reached <= LEARNED:
        broken(f"it has {reached:.1%} right on the last task{subject.under}", _LEARNING)
    return f"{reached:.1%} right{subject.under}"


def _not_by_boundaries(method: Method) -> str:
    if method.supervision is Supervision.TASK_BOUNDARIES:
        return ""
    return f"it needs {method.supervision}" if Subject(method).labelled else "all its runs are such"


@law(
    f"It learns a stream without task labels, to more than {ABOVE_CHANCE:.0%} of two digits.",
    excuse=_not_by_boundaries,
)
def it_learns_without_task_labels(subject: Subject) -> str:
    """Each task is known when it has just been learned, where the evaluation gives the identity."""
    rows = subject.outcome(labelled=False).rows
    learned = [accuracy(rows, 3 if subject.at_once else task, task) for task in (1, 2, 3)]
    if min(learned) <= ABOVE_CHANCE:
        broken(f"it has {min(learned):.1%} right on a task that it has just learned", _LEARNING)
    return f"at least {min(learned):.1%} right when just learned"


@law("A run measures its own scenario and no other.", excuse=_without_labels)
def it_is_measured_in_its_scenario_alone(subject: Subject) -> str:
    """With the identity by no rule, without by the method's own."""
    for scenario in (TASK_IL, CLASS_IL):
        rows = subject.outcome(scenario).rows
        last = rows[(rows["metric"] == "accuracy") & (rows["after"] == 3)]
        rules = set(last["rule"])
        if set(last["scenario"]) != {scenario} or set(last["task"]) != {1, 2, 3}:
            broken(f"{scenario} measures {sorted(set(last['scenario']))}", "mend logits_per_task")
        if (rules == {""}) != (scenario == TASK_IL):
            broken(f"{scenario} has the rules {sorted(rules)}", "mend logits_per_task and rule")
    rule = subject.method().default_rule
    if rule not in {"", *rules} or (CLASSES_SEEN in rules) == bool(subject.method.rule):
        broken(
            f"its rule is {rule!r}, and it was measured by {sorted(rules)}",
            "offer logits_per_task (baselines.interface.InfersTask), or declare no rule",
        )
    return f"without the identity by {', '.join(sorted(rules))}"


@law(
    "It learns in every scenario, with any normalisation and outputs.",
    excuse=lambda method: (
        _without_labels(method)
        or ("what it adds a router to is checked" if method.role is Role.ROUTED else "")
    ),
)
def it_learns_in_every_scenario(subject: Subject) -> str:
    """The least of the accuracies reached."""
    reached = {one: learned_under(subject, *one) for one in COMBINATIONS}
    known = {one: value for one, value in reached.items() if value is not None}
    worst = min(known, key=lambda one: known[one])
    if known[worst] <= LEARNED:
        broken(f"it has {known[worst]:.1%} right in {' '.join(worst)}{subject.under}", _LEARNING)
    return f"at least {known[worst]:.1%} right (in {', '.join(worst)}){subject.under}"


def learned_under(subject: Subject, scenario: str, outputs: str, norm: str) -> float | None:
    """Accuracy on the first task when it was learned; None where the scenario refuses the norm.

    Args:
        subject: the method.
        scenario: of the run.
        outputs: kind of outputs.
        norm: normalisation.
    """
    asked = {**SHORT, "outputs": outputs, "norm": norm}
    if norm == "per-task" and scenario == CLASS_IL and not subject.method.rule:
        try:
            subject.run(scenario, **asked)
        except SettingError:
            return None
        broken("a BatchNorm per task is allowed where no task is known", "declare a rule, or none")
    rows = subject.outcome(scenario, **asked).rows
    rule = "" if scenario == TASK_IL else subject.method.rule or CLASSES_SEEN
    return accuracy(rows, 2 if subject.at_once else 1, 1, rule)


@law("No BatchNorm is in its network where the comparison has none.")
def no_batch_norm_where_none_was_asked_for(subject: Subject) -> str:
    """Nor any where normalisation is by groups."""
    norms: tuple[Literal["none", "group"], ...] = ("none", "group")
    for norm in norms:
        context = small_context()
        backbones = Backbones("mlp", 10, seed=0, device=context.device, norm=norm)
        strategy = build(subject.method(), replace(context, network=backbones, norm=norm))
        if subject.method.supervision is not Supervision.NONE:
            strategy.train(list(small_stream().experiences[:1]), reset_optimizer_state=True)
        kinds = {type(module) for module in strategy.model.modules()}
        if any("BatchNorm" in kind.__name__ for kind in kinds):
            broken(f"there is one with norm={norm}", "build the network by context.model() alone")
        if (nn.LayerNorm in kinds) != (norm == "group"):
            broken(f"norm={norm} is not what the network has", "build it by context.model() alone")
    return "none with norm=none, none with norm=group"


@law("The same run gives the same rows, bit for bit.")
def the_same_run_gives_the_same_rows(subject: Subject) -> str:
    """But for what is timed."""
    asked = SHORTEST if subject.labelled else {}
    first, again = subject.outcome(**asked), made(subject.run(**asked))
    if not untimed(again.rows).equals(untimed(first.rows)):
        broken(
            "a second run measured something else",
            "draw random numbers from torch, or from a generator seeded with context.seed",
        )
    if not all(np.array_equal(first.masks[name], again.masks[name]) for name in first.masks):
        broken("a second run has other masks", "seed what draws them with context.seed")
    return f"{len(first.rows)} rows are the same"


@law("What it declares to need is what it was seen to need.")
def what_it_declares_is_what_is_seen(subject: Subject) -> str:
    """What it holds to learn from, tasks that it infers, and how often it is trained."""
    method = subject.method
    rows = subject.outcome(CLASS_IL).rows
    infers = "inferred_as" in set(rows["metric"])
    declares = (
        Requirement.TASK_IDENTITY in method.requirements or method.supervision is Supervision.NONE
    )
    if infers != declares:
        seen = "infers the task" if infers else "infers no task"
        broken(f"it {seen}", "declare Requirement.TASK_IDENTITY and a rule if it does, else not")
    moments = set(rows.loc[rows["after"] > 0, "after"])
    if moments != ({3} if subject.at_once else {1, 2, 3}):
        broken(
            f"it was measured after {sorted(moments)} tasks",
            "declare Requirement.ALL_TASKS_AT_ONCE for what is trained once, and for nothing else",
        )
    most = rows.groupby("metric")["value"].max()
    for metric, (kind, requirement) in _HELD.items():
        if (most[metric] > 0) != (requirement in method.requirements):
            seen = f"holds {most[metric]:.0f} {kind}" if most[metric] > 0 else f"holds no {kind}"
            name = f"Requirement.{requirement.name}"
            broken(f"it {seen}", f"declare {name} if it holds any, and only then")
    if most["output_layers"] != 1:
        broken(
            f"it has {most['output_layers']:.0f} output layers where outputs are a task's own",
            "build the network by context.model() alone",
        )
    kept = ", ".join(f"{most[metric]:.0f} {kind}" for metric, (kind, _) in _HELD.items())
    return f"{kept}; {'infers the' if infers else 'infers no'} task"
