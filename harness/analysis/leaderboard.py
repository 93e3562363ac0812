"""The leaderboard: one row per method, mean and 95 % interval over seeds, regimes kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from harness.analysis.metrics import METRICS, degradation, derive
from harness.analysis.published import Quoted, paper
from harness.analysis.statistics import among_best, summarise
from harness.config.run import Run
from harness.storage.record import Record
from harness.storage.schema import CLASSES_SEEN, TASK_AGNOSTIC, TASK_AWARE
from harness.storage.store import Results


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the leaderboard: one metric under one regime."""

    metric: str
    regime: str
    title: str

    def text(self, cell: Cell) -> str:
        """A cell of this column as printed."""
        return cell.text(METRICS[self.metric].percent)


ACC_AWARE: Final = Column("acc", TASK_AWARE, "ACC task-aware")
ACC_AGNOSTIC: Final = Column("acc", TASK_AGNOSTIC, "ACC task-agnostic")
FORGETTING: Final = Column("forgetting", TASK_AWARE, "Forgetting task-aware")
LEARNING: Final = Column("learning_accuracy", TASK_AWARE, "Learning acc. task-aware")
INFERENCE: Final = Column("task_inference", TASK_AGNOSTIC, "Task inference")
BYTES: Final = Column("stored_bytes", "", "Extra bytes")
SECONDS: Final = Column("seconds", "", "Seconds")

ACCURACY: Final = (ACC_AWARE, ACC_AGNOSTIC, INFERENCE)
TRANSFER: Final = (
    FORGETTING,
    Column("bwt", TASK_AWARE, "BWT task-aware"),
    Column("fwt", TASK_AWARE, "FWT task-aware"),
    LEARNING,
    Column("aia", TASK_AWARE, "AIA task-aware"),
)
COSTS: Final = (
    Column("mask_density", "", "Mask density"),
    Column("weights_used", "", "Weights used"),
    BYTES,
    Column("stored_examples", "", "Stored examples"),
    SECONDS,
)
COLUMNS: Final = (*ACCURACY, *TRANSFER, *COSTS)
"""Of the leaderboard."""


REMEMBERING: Final = (
    Column("switch_precision", "", "Precision"),
    Column("switch_recall", "", "Recall"),
    Column("switch_f1", "", "F1"),
    Column("switch_delay", "", "Delay (batches)"),
    Column("false_alarms", "", "False alarms / 1,000"),
    Column("masks_per_task", "", "Masks / tasks"),
    Column("old_new_auroc", TASK_AGNOSTIC, "AUROC old/new"),
    Column("old_new_fpr", TASK_AGNOSTIC, "FPR old/new"),
    Column("degradation", TASK_AWARE, "Degr. task-aware"),
    Column("degradation", TASK_AGNOSTIC, "Degr. task-agnostic"),
)
"""Of streams without task labels: catastrophic remembering."""

TOGETHER: Final = (
    Column("inferred_of_10", TASK_AGNOSTIC, "10 of one task"),
    Column("inferred_of_100", TASK_AGNOSTIC, "100 of one task"),
)
"""Task inference of several examples at once."""

_EPOCHS: Final = "training.epochs"

WITHOUT_RULE: Final = "max-logit"
"""Confidence by which methods that infer no task tell old from new."""


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
        cells: of `COLUMNS`.
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

    def paper(self, regime: str) -> str:
        """The paper's accuracy under a regime as printed there, "" if there is none."""
        return self.quoted.value if self.quoted and regime in self.quoted.regimes else ""


@dataclass(slots=True)
class Leaderboard:
    """The comparison of one benchmark under one profile.

    Attributes:
        benchmark: its name.
        profile: its name; numbers of two profiles are never in one leaderboard.
        entries: best task-aware accuracy first.
        derived: every derived metric of every run (`harness.analysis.metrics.derive`), and the
            degradation.
        shown: of those, what is under each method's default rule.
    """

    benchmark: str
    profile: str
    entries: list[Entry] = field(default_factory=list)
    derived: pd.DataFrame = field(default_factory=pd.DataFrame)
    shown: pd.DataFrame = field(default_factory=pd.DataFrame)


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
        derived = pd.concat([derived, _degradation(results, derived, supervised)])
    records = {_key(record): record for record in finished}
    rules = {key: record.method.rule for key, record in records.items()}
    shown = _default_rules(derived, rules)
    cells = cells_of(shown, COLUMNS)
    run = finished[0].run
    board = Leaderboard(run.benchmark, run.profile, derived=derived, shown=shown)
    for key, found in cells.items():
        baseline, setting = key
        record = records[key]
        others = {k: v for k, v in record.run.overrides.items() if k != _EPOCHS}
        group = shown[(shown["baseline"] == baseline) & (shown["setting"] == setting)]
        accuracy = group[(group["metric"] == "acc") & (group["regime"] == TASK_AGNOSTIC)]
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
    board.entries.sort(key=lambda entry: -entry.cells[ACC_AWARE].mean)
    return board


def _titled(title: str, overrides: Mapping[str, Any]) -> str:
    text = ", ".join(f"{name}={value}" for name, value in overrides.items())
    return f"{title} ({text})" if text else title


def _key(record: Record) -> tuple[str, str]:
    return record.run.baseline, record.run.setting


def _degradation(results: Results, derived: pd.DataFrame, supervised: Results) -> pd.DataFrame:
    names = {r.method.counterpart: r.run.baseline for r in results.records if r.method.counterpart}
    own = {record.run.baseline: record.run for record in results.records if not record.run.setting}

    def comparable(there: Run) -> bool:
        here = own.get(names.get(there.baseline, there.baseline))
        if here is None or here.training != there.training:
            return False
        return here.baseline != there.baseline or here.settings == there.settings

    kept = {record.run.id for record in supervised.records if comparable(record.run)}
    rows = supervised.rows[supervised.rows["run_id"].isin(kept)]
    return degradation(derived, derive(rows).replace({"baseline": names}))


def _default_rules(derived: pd.DataFrame, rules: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Only each method's default rule; the other rules have a table of their own."""
    keys = zip(derived["baseline"], derived["setting"], strict=True)
    default = pd.Series([rules.get(key, "") for key in keys], derived.index)
    without = (default == "") & derived["rule"].isin([CLASSES_SEEN, WITHOUT_RULE])
    kept = (derived["regime"] != TASK_AGNOSTIC) | (derived["rule"] == default) | without
    return derived[kept]


def cells_of(
    shown: pd.DataFrame, columns: Sequence[Column]
) -> dict[tuple[str, str], dict[Column, Cell]]:
    """Mean, interval and mark of each method and column.

    Args:
        shown: derived metrics with one rule for each method and metric.
        columns: what is wanted.

    Returns:
        The cells by baseline and setting.
    """
    keys = ["baseline", "setting"]
    methods = [(str(a), str(b)) for a, b in shown[keys].drop_duplicates().to_numpy()]
    found: dict[tuple[str, str], dict[Column, Cell]] = {method: {} for method in methods}
    for column in columns:
        chosen = shown[(shown["metric"] == column.metric) & (shown["regime"] == column.regime)]
        summary = summarise(chosen, keys).set_index(keys)
        better = METRICS[column.metric].higher_is_better
        wide = chosen.pivot_table(index="seed", columns=keys, values="value")
        best = [] if better is None or wide.empty else among_best(wide, better)
        for method in methods:
            if method in summary.index:
                row = summary.loc[[method]].iloc[0]
                mean, half = float(row["mean"]), float(row["half_width"])
                found[method][column] = Cell(mean, half, method in best)
            else:
                found[method][column] = Cell(float("nan"), float("nan"))
    return found


def of_entry(table: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    """The rows of a table that belong to one method with one setting."""
    return table[(table["baseline"] == entry.baseline) & (table["setting"] == entry.setting)]
