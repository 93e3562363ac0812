"""What the entries of a leaderboard were asked and given, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from harness.analysis.columns import IDENTITY_GIVEN
from harness.analysis.comparisons import CLASS_ORDER, NORM, OUTPUTS
from harness.analysis.leaderboard import Leaderboard
from harness.analysis.statistics import interval_note
from harness.config.scenarios import SCENARIOS, TASK_IL
from harness.reporting.naming import listed

_NORMS: Final = {
    "per-task": "one BatchNorm per task",
    "shared": "one BatchNorm for all tasks",
    "none": "no normalisation",
    "group": "GroupNorm or LayerNorm",
}
_OUTPUTS: Final = {
    "own": "one wide output layer, an output for each class of the stream",
    "heads": "an output layer for each task",
    "shared": "one output layer that all tasks share",
}
_CLASS_ORDERS: Final = {"seed": "each seed draws its own order of the classes"}
_INFERRED: Final = {"per-task": "one BatchNorm per task, at test that of the task inferred"}


def heading(board: Leaderboard) -> str:
    """The scenario, and the factors that are not its own."""
    words = [
        known.get(str(board.factors[name]), f"{name}={board.factors[name]}")
        for name, known in ((NORM, _NORMS), (OUTPUTS, _OUTPUTS), (CLASS_ORDER, _CLASS_ORDERS))
        if name in board.factors
    ]
    return f"{board.scenario}, robustness: {'; '.join(words)}" if words else board.scenario


def rules(board: Leaderboard) -> str:
    """Sentences that say what the scenario is, and which normalisation and outputs methods had."""
    said = [f"{SCENARIOS[board.scenario].capitalize()}."]
    if any(column.note == IDENTITY_GIVEN for column in board.accuracies):
        said.append(
            f"Nor is it in training. Where a title says {IDENTITY_GIVEN!r}, the evaluation alone "
            "knew the task."
        )
    norms = {entry.title: entry.norm for entry in board.entries if entry.norm}
    outputs = {entry.title: entry.outputs for entry in board.entries if entry.outputs}
    inferring = _NORMS if board.scenario == TASK_IL else _NORMS | _INFERRED
    for values, known in ((norms, inferring), (outputs, _OUTPUTS)):
        if values:
            said.append(_had(values, known))
    return " ".join(said)


def intervals(*boards: Leaderboard) -> str:
    """A sentence that says what stands beside a mean."""
    return intervals_over(entry.seeds for board in boards for entry in board.entries)


def intervals_over(seeds: Iterable[int]) -> str:
    """The sentence, by the numbers of seeds that means are over."""
    note = interval_note(list(seeds))
    return f"{note[0].upper()}{note[1:]}; n alone where it is wider than the scale."


def _had(values: Mapping[str, str], known: Mapping[str, str]) -> str:
    """What most methods had, and by name those that had something else.

    Args:
        values: kind by the title of the method.
        known: words for each kind.
    """
    [(usual, _), *others] = Counter(values.values()).most_common()
    if not others:
        return f"Every method has {_in_words(known, usual)}."
    exceptions = "; ".join(
        f"{listed([title for title in values if values[title] == kind])}: {_in_words(known, kind)}"
        for kind, _ in others
    )
    return f"Methods have {_in_words(known, usual)}, except for {exceptions}."


def _in_words(known: Mapping[str, str], kind: object) -> str:
    return known.get(str(kind), str(kind))
