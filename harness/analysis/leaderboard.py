"""The leaderboard of one scenario: one row per method, mean and 95 % interval over seeds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.columns import LEADERBOARD, Cell, Column, cells_of, columns_of
from harness.analysis.comparisons import Comparison, Factors, variant_of, without_variants
from harness.analysis.derivation import derive
from harness.analysis.labelled_counterparts import lost_without_labels
from harness.analysis.metrics.definition import Section, metrics
from harness.analysis.published import Quoted, paper
from harness.analysis.selection import under_default_rule
from harness.analysis.single_task_reference import lost_to_a_network_per_task
from harness.config.scenarios import TASK_IL
from harness.storage.record import Record, Status
from harness.storage.store import Results

_EPOCHS: Final = "training.epochs"


@dataclass(frozen=True, slots=True)
class Entry:
    """One method with one setting.

    Attributes:
        baseline: its name.
        setting: the settings that differ from the defaults, "" for none.
        title: as printed, with the settings that differ from the defaults, but for the
            factors, which are those of the whole leaderboard.
        overrides: the values of those settings by name; none for the benchmark's own settings.
        colour: of its curves, as hex digits; "" for one derived from its name.
        epochs: passes over each task's training data.
        norm: kind of normalisation (`harness.config.budgets.NORMS`), "" if it was not stored.
        outputs: kind of outputs (`harness.config.budgets.OUTPUTS`), likewise.
        curve: the title but for the number of epochs; entries of one learning curve share it.
        seeds: number of seeds.
        rule: how the task is inferred; "" where it is given.
        cells: of the columns of `LEADERBOARD`.
        quoted: what the paper prints, if anything; None beside factors that are not the
            scenario's own.
        devices: models of the processors or accelerators that its runs were made on, by name.
    """

    baseline: str
    setting: str
    title: str
    overrides: Mapping[str, Any]
    colour: str
    epochs: int
    norm: str
    outputs: str
    curve: str
    seeds: int
    rule: str
    cells: Mapping[Column, Cell]
    quoted: Quoted | None
    devices: tuple[str, ...] = ()

    @property
    def variant(self) -> str:
        """The overrides as printed, "" for none."""
        return _listed(self.overrides)

    def text(self, column: Column) -> str:
        """A cell as printed."""
        return column.text(self.cells[column])

    def paper(self, scenario: str) -> str:
        """The paper's accuracy under a scenario as printed there, "" if there is none."""
        return self.quoted.value if self.quoted and scenario in self.quoted.scenarios else ""


@dataclass(slots=True)
class Leaderboard:
    """One comparison (`harness.analysis.comparisons`) of a benchmark under one profile.

    Attributes:
        benchmark: its name.
        profile: its name; numbers of two profiles are never in one leaderboard.
        scenario: the same for every entry.
        factors: those that are not the scenario's own, the same for every entry.
        entries: best accuracy first.
        derived: every derived metric of every run (`harness.analysis.derivation.derive`), and those
            that compare runs.
        shown: of those, what is under each method's default rule.
        diverged: number of seeds that diverged, by the title of method and settings; those are in
            no mean.
        failed: likewise, of runs that ended with an error.
    """

    benchmark: str
    profile: str
    scenario: str
    factors: Factors = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    derived: pd.DataFrame = field(default_factory=pd.DataFrame)
    shown: pd.DataFrame = field(default_factory=pd.DataFrame)
    diverged: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)

    def column(self, metric: str) -> Column:
        """The column of a metric under the leaderboard's scenario."""
        return Column(metric, self.scenario if metrics()[metric].scenarios else "")

    @property
    def accuracies(self) -> tuple[Column, ...]:
        """The accuracy under its scenario and, without task labels, with the identity given."""
        return tuple(one for one in self.columns(Section.ACCURACY) if one.metric == "acc")

    def columns(self, *sections: Section) -> tuple[Column, ...]:
        """The columns of sections in which there is a number."""
        defined = self.shown[self.shown["value"].notna()]
        pairs = defined[["metric", "scenario"]].drop_duplicates()
        measured = set(pairs.itertuples(index=False, name=None))
        return tuple(
            column
            for column in columns_of(self.scenario, *sections)
            if (column.metric, column.scenario) in measured
        )


class NoFinishedRunError(ValueError):
    """There is nothing to report.

    Args:
        message: says of what.
        damaged: folders and files that could not be read, with the reason.
    """

    def __init__(self, message: str, damaged: Mapping[Path, str] | None = None) -> None:
        super().__init__(message)
        self.damaged = damaged or {}


def leaderboard(comparison: Comparison, supervised: Results | None = None) -> Leaderboard:
    """The leaderboard of a comparison.

    Args:
        comparison: of one benchmark and profile.
        supervised: of the same tasks with labels, for the degradation without them; runs of another
            budget or, of the same method, with other settings are no measure of it.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    return _leaderboard(comparison, derive(comparison.results.rows), supervised)


def leaderboards(
    whole: Comparison, supervised: Results | None = None
) -> tuple[Leaderboard, Leaderboard]:
    """The leaderboard of the runs without variants, and that of all: one and the same without any.

    Args:
        whole: see `leaderboard`.
        supervised: likewise.

    Raises:
        NoFinishedRunError: there is no finished run.
    """
    derived = derive(whole.results.rows)
    own = without_variants(whole)
    chosen = derived["run_id"].isin([record.run.id for record in own.results.records])
    board = _leaderboard(own, derived[chosen], supervised)
    if len(own.results.records) == len(whole.results.records):
        return board, board
    return board, _leaderboard(whole, derived, supervised)


def _leaderboard(
    comparison: Comparison, derived: pd.DataFrame, supervised: Results | None
) -> Leaderboard:
    results = comparison.results
    finished = results.finished
    if not finished:
        raise NoFinishedRunError("there is no finished run")
    lost = [lost_to_a_network_per_task(results, derived)]
    if supervised is not None and not supervised.rows.empty:
        lost.append(lost_without_labels(results, derived, supervised))
    derived = pd.concat([derived, *lost], ignore_index=True)
    run = finished[0].run
    board = Leaderboard(
        run.benchmark,
        run.profile,
        comparison.scenario,
        comparison.factors,
        derived=derived,
        shown=under_default_rule(derived, finished),
        diverged=_counted(results, "diverged"),
        failed=_counted(results, "failed"),
    )
    records: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in finished:
        records[record.run.baseline, record.run.setting].append(record)
    cells = cells_of(board.shown, columns_of(board.scenario, *LEADERBOARD))
    board.entries = [_entry(board, records[key], found) for key, found in cells.items()]
    board.entries.sort(key=lambda entry: _place(entry.cells[board.column("acc")]))
    return board


def _entry(board: Leaderboard, records: Sequence[Record], cells: Mapping[Column, Cell]) -> Entry:
    record, shown = records[-1], board.shown
    run = record.run
    group = shown[(shown["baseline"] == run.baseline) & (shown["setting"] == run.setting)]
    accuracy = board.column("acc").of(group)
    return Entry(
        baseline=run.baseline,
        setting=run.setting,
        title=_titled(record),
        overrides=variant_of(record.run),
        colour=record.method.colour,
        epochs=int(run.training["epochs"]),
        norm=str(run.training.get("norm", "")),
        outputs=str(run.training.get("outputs", "")),
        curve=_titled(record, but=(_EPOCHS,)),
        seeds=int(group["seed"].nunique()),
        rule=str(accuracy["rule"].iloc[0]) if len(accuracy) else "",
        cells=cells,
        quoted=None if board.factors else paper(run.benchmark, run.baseline),
        devices=tuple(sorted({str(one.provenance.get("device_name", "")) for one in records})),
    )


def _counted(results: Results, status: Status) -> Mapping[str, int]:
    """The number of runs that ended so, by the title of method and settings."""
    return Counter(_titled(record) for record in results.records if record.status == status)


def _place(accuracy: Cell) -> tuple[bool, float]:
    """Sorts the highest first and what was not measured last."""
    return isnan(accuracy.mean), -accuracy.mean


def _titled(record: Record, but: Sequence[str] = ()) -> str:
    """The method's title with what differs from the defaults."""
    named = variant_of(record.run)
    text = _listed({name: value for name, value in named.items() if name not in but})
    return f"{record.method.title} ({text})" if text else record.method.title


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def of_entry(table: pd.DataFrame, entry: Entry) -> pd.DataFrame:
    """The rows of a table that belong to one method with one setting."""
    return table[(table["baseline"] == entry.baseline) & (table["setting"] == entry.setting)]


def rows_of(rows: pd.DataFrame, entry: Entry, scenario: str) -> pd.DataFrame:
    """The rows of one method with one setting under a scenario; of several rules, its default.

    Args:
        rows: raw measurements.
        entry: the method.
        scenario: of `harness.config.scenarios.SCENARIOS`.
    """
    mine = of_entry(rows, entry)
    mine = mine[mine["scenario"] == scenario]
    return mine if scenario == TASK_IL else mine[mine["rule"] == entry.rule]
