"""Columns of metrics, and their cells: mean and 95 % interval over seeds of each method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

import numpy as np
import pandas as pd

from harness.analysis.metrics.definition import Direction, Metric, Section, Unit, metrics
from harness.analysis.statistics import among_best, beyond_scale, half_width
from harness.config.scenarios import TASK_IL

IDENTITY_GIVEN: Final = "identity given"
"""Note of a column that was measured with the task identity in a scenario that gives none."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: one metric.

    Attributes:
        metric: its id.
        scenario: under which it was measured; "" for a metric without scenarios.
        note: what tells it from another column of the metric; "" for the scenario of the table.
    """

    metric: str
    scenario: str
    note: str = ""

    @property
    def definition(self) -> Metric:
        """Of its metric."""
        return metrics()[self.metric]

    @property
    def asked(self) -> str:
        """Its scenario, and that the identity was given at test where the scenario gives none."""
        return ", ".join(filter(None, (self.scenario, self.note)))

    @property
    def title(self) -> str:
        """The metric's, with the note."""
        return ", ".join(filter(None, (self.definition.title, self.note)))

    def of(self, derived: pd.DataFrame) -> pd.DataFrame:
        """The rows of derived metrics that this column is made of."""
        metric, scenario = derived["metric"], derived["scenario"]
        return derived[(metric == self.metric) & (scenario == self.scenario)]

    def text(self, cell: Cell) -> str:
        """A cell of this column as printed."""
        return cell.text(self.definition.unit is Unit.PERCENT)


BYTES: Final = Column("inference_bytes", "")
SECONDS: Final = Column("seconds", "")

LEADERBOARD: Final = (
    Section.ACCURACY,
    Section.INFERENCE,
    Section.TRANSFER,
    Section.MASKS,
    Section.COSTS,
)
"""What the leaderboard has columns of."""

_WITH_IDENTITY_TOO: Final = ("acc", "degradation")
"""Metrics that streams without task labels also have with the identity given at test alone."""


def columns_of(scenario: str, *sections: Section) -> tuple[Column, ...]:
    """The columns of sections in a table of one scenario, for every metric registered so far.

    Args:
        scenario: of the table.
        sections: in the order of the columns.
    """
    return tuple(
        column
        for section in sections
        for metric in metrics().values()
        if metric.section is section
        for column in _columns(metric, scenario)
    )


def _columns(metric: Metric, scenario: str) -> Iterator[Column]:
    if not metric.scenarios:
        yield Column(metric.id, "")
    elif scenario in metric.scenarios:
        yield Column(metric.id, scenario)
        if scenario != TASK_IL and metric.id in _WITH_IDENTITY_TOO:
            yield Column(metric.id, TASK_IL, IDENTITY_GIVEN)


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean over seeds.

    Attributes:
        mean: in the metric's own unit; NaN where it is not defined.
        half_width: of the 95 % interval; NaN for one seed.
        best: not to be told apart from the best method, paired by seed.
        seeds: number of seeds that it is the mean of.
    """

    mean: float
    half_width: float
    best: bool = False
    seeds: int = 0

    def text(self, percent: bool) -> str:
        """The number as printed: percentages with two decimals, counts with none.

        An interval that is wider than the scale says nothing: the number of seeds stands for it.
        """
        if isnan(self.mean):
            return "–"
        whole = self.mean >= 1000 or self.mean.is_integer()
        scale, digits = (100, 2) if percent else (1, 0 if whole else 1)
        mean = f"{round(self.mean * scale, digits) + 0.0:,.{digits}f}"  # no negative zero
        if percent and beyond_scale(self.half_width):
            return f"{mean} (n={self.seeds})"
        if isnan(self.half_width) or self.half_width == 0:
            return mean
        return f"{mean} ± {self.half_width * scale:,.{digits}f}"

    def text_with_seeds(self, percent: bool) -> str:
        """The number as printed, with the number of seeds after it if that is known."""
        number, seeds = self.text(percent), f"(n={self.seeds})"
        return number if not self.seeds or number.endswith(seeds) else f"{number} {seeds}"


NOTHING: Final = Cell(float("nan"), float("nan"))
"""What was not measured."""


def cells_of(
    shown: pd.DataFrame, wanted: Sequence[Column]
) -> dict[tuple[str, str], dict[Column, Cell]]:
    """Mean, interval and mark of each method and column.

    Args:
        shown: derived metrics with one rule for each method and metric.
        wanted: the columns.

    Returns:
        The cells by baseline and setting.
    """
    pairs = shown[["baseline", "setting"]].drop_duplicates().to_numpy()
    methods = [(str(baseline), str(setting)) for baseline, setting in pairs]
    found: dict[tuple[str, str], dict[Column, Cell]] = {method: {} for method in methods}
    measured = dict(iter(shown.groupby(["metric", "scenario"], observed=True)))
    for column in wanted:
        definition = column.definition
        chosen = measured.get((column.metric, column.scenario), shown.iloc[:0])
        table = _by_seed(chosen, methods)
        best: list[object] = []
        if definition.direction is not Direction.NEITHER:
            best = among_best(table, definition.direction is Direction.HIGHER)
        for place, method in enumerate(methods):
            of_seeds = table.to_numpy()[:, place]
            values = of_seeds[~np.isnan(of_seeds)]
            mean = float(np.mean(values)) if len(values) else float("nan")
            half = half_width(values)
            unsaid = definition.unit is Unit.PERCENT and beyond_scale(half)
            marked = method in best and not unsaid
            found[method][column] = Cell(mean, half, marked, len(values))
    return found


def _by_seed(chosen: pd.DataFrame, methods: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """A metric with a row for each seed and a column for each method; NaN where not measured."""
    seeds = {int(seed): place for place, seed in enumerate(sorted(set(chosen["seed"])))}
    places = {method: place for place, method in enumerate(methods)}
    table = np.full((len(seeds), len(methods)), np.nan)
    columns = (chosen[name].to_list() for name in ("baseline", "setting", "seed", "value"))
    for baseline, setting, seed, value in zip(*columns, strict=True):
        table[seeds[seed], places[str(baseline), str(setting)]] = value
    return pd.DataFrame(table, columns=list(methods))
