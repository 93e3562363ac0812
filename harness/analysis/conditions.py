"""Supplement Table 1: conditions of strict continual learning given up, observed beside quoted.

What is observed are counts that each run stores (`harness.evaluation.conditions`), in the scenario
that gives no identity: there a comparison gives no method anything that it does not take itself.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from harness.config.scenarios import TASK_IL
from harness.storage.store import Results


@dataclass(frozen=True, slots=True)
class Condition:
    """A column of the table.

    Attributes:
        key: its name in the file of what the paper prints.
        title: as the paper prints it.
        metric: the stored count that says whether it was given up; "" where nothing is counted.
        allowed: largest count under which it was not.
        seen_by: what is counted, for a reader.
    """

    key: str
    title: str
    metric: str
    allowed: int
    seen_by: str


CONDITIONS: Final = (
    Condition("replay", "Data replay", "stored_examples", 0, "examples kept between tasks"),
    Condition("heads", "Multihead", "output_layers", 1, "several output layers"),
    Condition("pretrained", "Pretrained", "", 0, "nothing: no run observes it"),
    Condition("generative", "Generative replay", "generators", 0, "generators that are held"),
    Condition(
        "models", "Multi-models", "other_networks", 0, "networks beside the one that answers"
    ),
)


def observed_conditions(benchmarks: Iterable[Results]) -> pd.DataFrame:
    """Which conditions each method was seen to give up, beside what the paper prints.

    Args:
        benchmarks: the runs of each, of `harness.analysis.selection.select`; what is given up on
            one of them is given up.

    Returns:
        One row a method and condition: baseline, method (as printed), condition (its title),
        observed ("yes", "no", "" where it was not counted), quoted (as the paper prints it, with an
        asterisk where it knows exceptions; "" where it prints nothing) and differs. Methods of the
        paper come first, in its order. No row if no run has any count.
    """
    counts: dict[tuple[str, str], float] = {}
    names: dict[str, str] = {}
    metrics = {condition.metric for condition in CONDITIONS}
    for found in benchmarks:
        titles = {r.run.id: (r.run.baseline, r.method.title) for r in found.records}
        without = {r.run.id for r in found.records if r.run.scenario != TASK_IL}
        rows = found.rows[found.rows["run_id"].isin(without)]
        counted = rows[rows["metric"].isin(metrics)]
        largest = counted.groupby(["run_id", "metric"], observed=True)["value"].max()
        values: dict[tuple[str, str], float] = dict(largest.to_dict())  # type: ignore[arg-type]
        for (run_id, metric), value in values.items():
            baseline, names[baseline] = titles[run_id]
            counts[baseline, metric] = max(counts.get((baseline, metric), 0.0), value)
    said = {(line["method"], key): line[key] for line in _quoted() for key in line}
    methods = dict.fromkeys([line["method"] for line in _quoted()] + sorted(names))
    return pd.DataFrame(
        [
            _row(baseline, names[baseline], condition, counts, said)
            for baseline in methods
            if baseline in names
            for condition in CONDITIONS
        ],
        columns=["baseline", "method", "condition", "observed", "quoted", "differs"],
    )


def _row(
    baseline: str,
    title: str,
    condition: Condition,
    counts: dict[tuple[str, str], float],
    said: dict[tuple[str, str], str],
) -> dict[str, str | bool]:
    """One cell.

    Args:
        baseline: name of the method.
        title: as printed.
        condition: the column.
        counts: largest stored count by method and metric.
        said: what the paper prints by method and condition.
    """
    count = counts.get((baseline, condition.metric))
    observed = "" if count is None else "yes" if count > condition.allowed else "no"
    quoted = said.get((baseline, condition.key), "")
    differs = bool(observed and quoted) and observed != quoted.rstrip("*")
    return {
        "baseline": baseline,
        "method": title,
        "condition": condition.title,
        "observed": observed,
        "quoted": quoted,
        "differs": differs,
    }


def _quoted() -> Iterator[dict[str, str]]:
    """The lines of the paper's table, by column."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
