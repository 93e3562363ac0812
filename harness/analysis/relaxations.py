"""The paper's Supplement Table 1, which conditions methods give up, beside what runs declared.

What a run declares was checked against what was observed while it ran (`harness.experiment`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baselines.interface import Requirement

_PATH: Final = Path(__file__).with_name("relaxations.csv")

CONDITIONS: Final[Mapping[str, Requirement]] = {
    "data_replay": Requirement.REPLAY,
    "multihead": Requirement.HEAD_PER_TASK,
    "pretrained": Requirement.PRETRAINED,
    "generative_replay": Requirement.GENERATIVE_REPLAY,
    "multi_models": Requirement.SEVERAL_MODELS,
}
"""The columns of the paper's table, and what methods here declare in their place."""

OWN: Final = (Requirement.NORM_PER_TASK, Requirement.STATISTICS, Requirement.TASK_IDENTITY)
"""Conditions that the paper's table has no column for."""


@dataclass(frozen=True, slots=True)
class Relaxations:
    """What one method gives up.

    Attributes:
        method: its name.
        printed: "yes" or "no" by the column of the paper's table, with its "*" for "exceptions
            exist"; empty if it is not there.
        declared: by runs here; None if there are none.
    """

    method: str
    printed: Mapping[str, str]
    declared: frozenset[str] | None


def relaxations(declared: Mapping[str, Sequence[str]]) -> list[Relaxations]:
    """The methods of the paper's table in its order, then those that were only measured here.

    Args:
        declared: requirements of the runs of each method, by its name.
    """
    printed = _printed()
    return [
        Relaxations(
            name, printed.get(name, {}), frozenset(declared[name]) if name in declared else None
        )
        for name in dict.fromkeys([*printed, *declared])
    ]


def _printed() -> dict[str, dict[str, str]]:
    with _PATH.open(encoding="utf-8", newline="") as file:
        return {
            row["method"]: {name: row[name] for name in CONDITIONS} for row in csv.DictReader(file)
        }
