"""What a claim is, and the words that judge it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isnan
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.analysis.anchors import TOLERANCE
from harness.analysis.claims.evidence import Evidence
from harness.analysis.statistics import half_width

CLOSE: Final = TOLERANCE
"""Points that an accuracy may differ by and still be the paper's."""

SAME: Final = 0.5
"""Points within which two settings of one method make no difference."""


class Word(StrEnum):
    """The verdict on a claim."""

    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    CONTRADICTED = "contradicted"
    NOT_TESTABLE = "not testable here"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a claim came out.

    Attributes:
        word: in one word.
        why: what decided it; of what was not measured, the command that measures it.
        ours: what was measured, with its 95 % interval, as printed.
        scenario: in which.
        difference: ours minus the paper's, as printed.
    """

    word: Word
    why: str
    ours: str = ""
    scenario: str = ""
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the paper says.

    Attributes:
        statement: in our words.
        place: where the paper says it.
        paper: its number, or a word.
        judge: the verdict on it, by what is stored.
    """

    statement: str
    place: str
    paper: str
    judge: Callable[[Evidence], Verdict]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds with its 95 % interval, in percent or points.

    Attributes:
        mean: NaN of nothing.
        half: half the width of the interval; NaN for fewer than two seeds, whose interval has no
            ends.
        seeds: number of seeds.
    """

    mean: float
    half: float
    seeds: int

    @property
    def low(self) -> float:
        """Lower end of the interval; without one nothing is excluded."""
        return self.mean - (inf if isnan(self.half) else self.half)

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + (inf if isnan(self.half) else self.half)

    def text(self, *, sign: bool = False, digits: int = 2) -> str:
        """As printed, with the number of seeds where there is no interval.

        Args:
            sign: whether a number above zero has a plus.
            digits: after the point.
        """
        mean = f"{round(self.mean, digits) + 0.0:{'+' if sign else ''},.{digits}f}"
        return (
            f"{mean} (n={self.seeds})" if isnan(self.half) else (f"{mean} ± {self.half:.{digits}f}")
        )


def estimate(values: pd.Series[float] | NDArray[np.float64], scale: float = 100.0) -> Estimate:
    """The mean of values over seeds.

    Args:
        values: one a seed.
        scale: factor; 100 makes percent of shares.
    """
    each = np.asarray(values, dtype=np.float64) * scale
    mean = float(each.mean()) if len(each) else float("nan")
    return Estimate(mean, half_width(each), len(each))


def gained(values: pd.Series[float], reference: pd.Series[float]) -> Estimate:
    """The mean difference of shares over the seeds that both have, in points.

    Args:
        values: by seed.
        reference: by seed.
    """
    return estimate((values - reference).dropna())
