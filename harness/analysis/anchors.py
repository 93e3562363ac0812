"""Published numbers beside ours in the same setting (`anchors.csv`, `harness.config.anchors`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from harness.analysis.quoted_lines import read_lines
from harness.analysis.statistics import half_width
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import allowed_scenarios
from harness.config.suggestions import unknown

_PATH: Final = Path(__file__).with_name("anchors.csv")

TOLERANCE: Final = 1.5
"""Points that ours may differ by from a published number; more needs a reason."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """One published accuracy, a line of the file.

    Attributes:
        source: the publication.
        table: where it stands there.
        benchmark: ours in the publication's setting.
        scenario: as in `harness.config.scenarios`.
        architecture: of the network, in words.
        epochs: passes over each task's data.
        method: ours of that name.
        value: final accuracy averaged over the tasks, in percent.
        spread: as printed beside it, "" for none.
    """

    source: str
    table: str
    benchmark: str
    scenario: str
    architecture: str
    epochs: str
    method: str
    value: float
    spread: str


def read(path: Path) -> tuple[Anchor, ...]:
    """The anchors of a file with the columns of `Anchor`, in its order.

    Raises:
        ValueError: something in it is unknown, missing, no percentage or there twice; the message
            names the line.
    """
    return read_lines(path, Anchor, _checked, lambda one: (one.benchmark, one.scenario, one.method))


def _checked(line: list[str]) -> Anchor:
    if len(line) != len(fields(Anchor)) or not all(line[:-1]):
        raise ValueError(f"{len(fields(Anchor)) - 1} columns and a spread must be filled in")
    *texts, method, value, spread = line
    source, table, benchmark, scenario, architecture, epochs = texts
    if benchmark not in BENCHMARKS:
        raise ValueError(unknown("benchmark", benchmark, BENCHMARKS))
    allowed = allowed_scenarios(BENCHMARKS[benchmark])
    if scenario not in allowed:
        raise ValueError(unknown("scenario", scenario, allowed))
    if not 0 <= float(value) <= 100:
        raise ValueError(f"{value} is no percentage")
    return Anchor(
        source, table, benchmark, scenario, architecture, epochs, method, float(value), spread
    )


ANCHORS: Final = read(_PATH)


@dataclass(frozen=True, slots=True)
class PublishedComparison:
    """A published accuracy beside ours.

    Attributes:
        anchor: what is published.
        ours: mean over seeds, in percent; NaN where nothing was measured.
        half_width: of its 95 % interval, in points; NaN for fewer than two seeds.
        seeds: number of seeds.
    """

    anchor: Anchor
    ours: float
    half_width: float
    seeds: int

    @property
    def difference(self) -> float:
        """Ours minus the published one, in points."""
        return self.ours - self.anchor.value


def beside_published(
    anchors: Iterable[Anchor], measured: pd.DataFrame
) -> list[PublishedComparison]:
    """Each published accuracy beside the mean of ours over seeds.

    Args:
        anchors: what is published.
        measured: final accuracies between 0 and 1 of runs with the benchmarks' own settings, a row
            a run, with the columns benchmark, scenario, method and value.
    """
    keys = measured["benchmark"], measured["scenario"], measured["method"]
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for benchmark, scenario, method, value in zip(*keys, measured["value"], strict=True):
        found[benchmark, scenario, method].append(100 * value)
    comparisons = []
    for anchor in anchors:
        values = np.array(found[anchor.benchmark, anchor.scenario, anchor.method])
        mean = float(values.mean()) if len(values) else float("nan")
        comparisons.append(PublishedComparison(anchor, mean, half_width(values), len(values)))
    return comparisons
