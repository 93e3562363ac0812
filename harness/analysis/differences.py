"""How each method of a leaderboard differs from one of them, paired by seed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.columns import Column
from harness.analysis.leaderboard import Entry, Leaderboard, of_entry
from harness.analysis.statistics import LEAST_SEEDS, half_width, holm, p_value


class Told(Enum):
    """What a paired t-test says of a difference, corrected for the number of methods (Holm)."""

    HIGHER = "higher"
    LOWER = "lower"
    NOT = "no difference that so many seeds show among so many methods"
    UNTESTED = "too few seeds in common"


@dataclass(frozen=True, slots=True)
class Difference:
    """One method's metric minus the reference's.

    Attributes:
        entry: the method.
        mean: over the seeds that both have, in the metric's own unit; NaN for none.
        half_width: of its 95 % interval; NaN for fewer than two seeds.
        seeds: number of seeds that both have.
        told: what can be said of it.
    """

    entry: Entry
    mean: float
    half_width: float
    seeds: int
    told: Told


def paired(values: pd.Series[float], reference: pd.Series[float]) -> NDArray[np.float64]:
    """The differences at the seeds that both have a value for.

    Args:
        values: by seed.
        reference: by seed.
    """
    return np.asarray((values - reference).dropna(), dtype=np.float64)


def differences(board: Leaderboard, reference: Entry, column: Column) -> list[Difference]:
    """The difference of every other entry from one, in the order of the leaderboard.

    Args:
        board: of one comparison.
        reference: one of its entries.
        column: the metric.
    """
    others = [entry for entry in board.entries if entry is not reference]
    own = by_seed(board, reference, column)
    found = [paired(by_seed(board, entry, column), own) for entry in others]
    tested = [place for place, each in enumerate(found) if len(each) >= LEAST_SEEDS]
    told = dict.fromkeys(range(len(found)), Told.UNTESTED)
    for place, rejected in zip(tested, holm([p_value(found[n]) for n in tested]), strict=True):
        way = Told.HIGHER if found[place].mean() > 0 else Told.LOWER
        told[place] = way if rejected else Told.NOT
    return [
        Difference(
            entry,
            float(each.mean()) if len(each) else float("nan"),
            half_width(each),
            len(each),
            told[place],
        )
        for place, (entry, each) in enumerate(zip(others, found, strict=True))
    ]


def by_seed(board: Leaderboard, entry: Entry, column: Column) -> pd.Series[float]:
    """A metric of one entry under its default rule, by seed.

    Args:
        board: with the entry.
        entry: the method.
        column: the metric.
    """
    return column.of(of_entry(board.shown, entry)).set_index("seed")["value"].sort_index()
