"""The table that compares rules of task inference in a benchmark's report."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Final

import pandas as pd

from harness.analysis.columns import Cell, cells_of, columns_of
from harness.analysis.leaderboard import Leaderboard, of_entry
from harness.analysis.metrics.definition import Section
from harness.reporting import protocol
from harness.reporting.model import Table, Text
from harness.reporting.naming import listed
from harness.storage.schema import ALONE, CLASSES_SEEN, RULES

_KEEPS_NOTHING: Final = "nothing"


def inference_table(board: Leaderboard) -> Table | None:
    """Accuracy of each method (rows) by each rule (columns), and below what each rule costs.

    Args:
        board: of a comparison.

    Returns:
        None if no method was tested by more than one rule.
    """
    tested = board.derived[board.derived["rule"] != CLASSES_SEEN]
    accuracies = tested[tested["metric"] == "acc"]
    by_entry = [(entry, _rules(of_entry(accuracies, entry))) for entry in board.entries]
    several = [(entry, rules) for entry, rules in by_entry if len(rules) > 1]
    if not several:
        return None
    rules = list(dict.fromkeys(rule for _, mine in several for rule in mine))
    accuracy = board.column("acc")
    by_rule = [cells_of(tested[tested["rule"] == rule], [accuracy]) for rule in rules]
    rows = []
    for entry, _ in several:
        key = entry.baseline, entry.setting
        texts = [accuracy.text(found[key][accuracy]) if key in found else "–" for found in by_rule]
        rows.append([Text(text) for text in (entry.title, *texts)])
    for cost in columns_of(board.scenario, Section.ROUTERS):
        most = tested[tested["metric"] == cost.metric].groupby("rule", observed=True)["value"].max()
        if most.notna().any():
            cells = [Cell(float(most.get(rule, nan)), nan) for rule in rules]
            rows.append([Text(f"{cost.title}, at most"), *(Text(cost.text(one)) for one in cells)])
    title = protocol.heading(board)
    summary = (
        f"{title}. ACC (%) by each rule of task inference, all of a method from the same runs, "
        f"and what the rule costs over the whole stream. {_kept(rules)} {protocol.intervals(board)}"
    )
    return Table(title, ["Method", *rules], rows, summary=summary)


def _rules(accuracies: pd.DataFrame) -> list[str]:
    """The rules that were tested, in the order of their rows."""
    return [str(rule) for rule in accuracies["rule"].dropna().unique()]


def _kept(rules: Sequence[str]) -> str:
    """Sentences on what the rules keep beside the network."""
    kept = [
        f"{rule} keeps {RULES[rule]}"
        for rule in rules
        if RULES.get(rule, _KEEPS_NOTHING) != _KEEPS_NOTHING
    ]
    said = f"Of the rules {listed(kept)}; the others keep nothing." if kept else ""
    if any(rule.endswith(ALONE) for rule in rules):
        said += " Alone: the router's own answers, without the network."
    return said.strip()
