"""The leaderboard: one row per method, mean and 95 % interval over seeds, scenarios kept apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from harness.analysis.derivation import derive
from harness.analysis.labelled_counterparts import lost_without_labels
from harness.analysis.metrics.definition import Direction, Metric, Section, Unit, metrics
from harness.analysis.published import Quoted, paper
from harness.analysis.selection import under_default_rule
from harness.analysis.statistics import among_best, summarise
from harness.config.scenarios import TASK_IL
from harness.storage.store import Results


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: one metric under one scenario, "" for a metric without scenarios."""

    metric: str
    scenario: str

    @property
    def definition(self) -> Metric:
        """Of its metric."""
        return metrics()[self.metric]

    @property
    def title(self) -> str:
        """The metric's, with the scenario where there is more than one."""
        several = len(self.definition.scenarios) > 1
        return f"{self.definition.title} {self.scenario}" if several else self.definition.title

    def text(self, cell: Cell) -> str:
        """A cell of this column as printed."""
        return cell.text(self.definition.unit is Unit.PERCENT)


ACC_TASK_IL: Final = Column("acc", TASK_IL)
ACC_AGNOSTIC: Final = Column("acc", TASK_AGNOSTIC)
FORGETTING: Final = Column("forgetting", TASK_IL)
LEARNING: Final = Column("learning_accuracy", TASK_IL)
INFERENCE: Final = Column("task_inference", TASK_AGNOSTIC)
BYTES: Final = Column("stored_bytes", "")
SECONDS: Final = Column("seconds", "")

LEADERBOARD: Final = (
    Section.ACCURACY,
    Section.INFERENCE,
    Section.TRANSFER,
    Section.MASKS,
    Section.COSTS,
)
"""What the leaderboard has columns of."""

_TASK_IL_ONLY: Final = (Section.TRANSFER,)
_EPOCHS: Final = "training.epochs"


def columns_of(*sections: Section) -> tuple[Column, ...]:
    """The columns of sections, for every metric registered so far."""
    return tuple(
        Column(metric.id, scenario)
        for section in sections
        for metric in metrics().values()
        if metric.section is section
        for scenario in metric.scenarios or ("",)
        if section not in _TASK_IL_ONLY or scenario != TASK_AGNOSTIC
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean over seeds.

    Attributes:
        mean: in the metric's own unit; NaN where it is not defined.
        half_width: of the 95 % interval; NaN for one seed.
        best: not to be told apart from the best method, paired by seed.
    """

    mean: float
    half_width: float
    best: bool = False

    def text(self, percent: bool) -> str:
        """The number as printed: percentages with two decimals, counts with none."""
        if pd.isna(self.mean):
            return "–"
        whole = self.mean >= 1000 or self.mean.is_integer()
        scale, digits = (100, 2) if percent else (1, 0 if whole else 1)
        mean = f"{round(self.mean * scale, digits) + 0.0:,.{digits}f}"  # no negative zero
        if pd.isna(self.half_width) or self.half_width == 0:
            return mean
        return f"{mean} ± {self.half_width * scale:,.{digits}f}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One method with one setting.

    Attributes:
        baseline: its name.
        setting: the settings that differ from the defaults, "" for none.
        title: as printed, with the settings that differ from the defaults.
        colour: of its curves, as hex digits; "" for one derived from its name.
        epochs: passes over each task's training data.
        curve: the title but for the number of epochs; entries of one learning curve share it.
        seeds: number of seeds.
        rule: how the task is inferred when it is not given.
        cells: of the columns of `LEADERBOARD`.
        quoted: what the paper prints, if anything.
    """

    baseline: str
    setting: str
    title: str
    colour: str
    epochs: int
    curve: str
    seeds: int
    rule: str
    cells: Mapping[Column, Cell]
    quoted: Quoted | None

    def text(self, column: Column) -> str:
        """A cell as printed."""
        return column.text(self.cells[column])

    def paper(self, scenario: str) -> str:
        """The paper's accuracy under a scenario as printed there, "" if there is none."""
        return self.quoted.value if self.quoted and scenario in self.quoted.scenarios else ""


@dataclass(slots=True)
class Leaderboard:
    """The comparison of one benchmark under one profile.

    Attributes:
        benchmark: its name.
        profile: its name; numbers of two profiles are never in one leaderboard.
        entries: best task-aware accuracy first.
        derived: every derived metric of every run (`harness.analysis.derivation.derive`), and the
            degradation.
        shown: of those, what is under each method's default rule.
        diverged: number of seeds that diverged, by the title of method and settings; those are in
            no mean.
    """

    benchmark: str
    profile: str
    entries: list[Entry] = field(default_factory=list)
    derived: pd.DataFrame = field(default_factory=pd.DataFrame)
    shown: pd.DataFrame = field(default_factory=pd.DataFrame)
    diverged: Mapping[str, int] = field(default_factory=dict)


class NoFinishedRunError(ValueError):
    """There is nothing to report."""


def leaderboard(results: Results, supervised: Results | None = None) -> Leaderboard:
    """The leaderboard of what `harness.analysis.selection.select` gave.

    Args:
        results: of one benchmark and profile.
        supervised: of the same tasks with labels, for the degradation without them; runs of another
            budget or, of the same method, with other settings are no measure of it.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    finished = [record for record in results.records if record.status == "finished"]
    if not finished:
        raise NoFinishedRunError("there is no finished run")
    derived = derive(results.rows)
    if supervised is not None and not supervised.rows.empty:
        derived = pd.concat([derived, lost_without_labels(results, derived, supervised)])
    records = {(record.run.baseline, record.run.setting): record for record in finished}
    shown = under_default_rule(derived, finished)
    cells = cells_of(shown, columns_of(*LEADERBOARD))
    run = finished[0].run
    diverged = Counter(
        _titled(record.method.title, record.run.overrides)
        for record in results.records
        if record.status == "diverged"
    )
    board = Leaderboard(run.benchmark, run.profile, [], derived, shown, diverged)
    for key, found in cells.items():
        baseline, setting = key
        record = records[key]
        others = {k: v for k, v in record.run.overrides.items() if k != _EPOCHS}
        group = shown[(shown["baseline"] == baseline) & (shown["setting"] == setting)]
        accuracy = group[(group["metric"] == "acc") & (group["scenario"] == TASK_AGNOSTIC)]
        board.entries.append(
            Entry(
                baseline=baseline,
                setting=setting,
                title=_titled(record.method.title, record.run.overrides),
                colour=record.method.colour,
                epochs=int(record.run.training["epochs"]),
                curve=_titled(record.method.title, others),
                seeds=int(group["seed"].nunique()),
                rule=str(accuracy["rule"].iloc[0]) if len(accuracy) else "",
                cells=found,
                quoted=paper(run.benchmark, baseline),
            )
        )
    board.entries.sort(key=lambda entry: -entry.cells[ACC_TASK_IL].mean)
    return board


def _titled(title: str, overrides: Mapping[str, object]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in overrides.items())
    return f"{title} ({text})" if text else title


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
    keys = ["baseline", "setting"]
    methods = [(str(a), str(b)) for a, b in shown[keys].drop_duplicates().to_numpy()]
    found: dict[tuple[str, str], dict[Column, Cell]] = {method: {} for method in methods}
    for column in wanted:
        chosen = shown[(shown["metric"] == column.metric) & (shown["scenario"] == column.scenario)]
        summary = summarise(chosen, keys)
        measured = zip(summary["mean"], summary["half_width"], strict=True)
        numbers = dict(zip(summary[keys].itertuples(index=False, name=None), measured, strict=True))
        direction = column.definition.direction
        best: list[object] = []
        if direction is not Direction.NEITHER and chosen["value"].notna().any():
            wide = chosen.pivot_table(index="seed", columns=keys, values="value")
            best = among_best(wide, direction is Direction.HIGHER)
        for method in methods:
            mean, half = numbers.get(method, (float("nan"), float("nan")))
            found[method][column] = Cell(float(mean), float(half), method in best)
    return found


def of_entry(table: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    """The rows of a table that belong to one method with one setting."""
    return table[(table["baseline"] == entry.baseline) & (table["setting"] == entry.setting)]
