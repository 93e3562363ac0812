"""What is stored of the paper's benchmarks, as claims are judged by: values by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.columns import Column
from harness.analysis.comparisons import comparisons
from harness.analysis.differences import by_seed
from harness.analysis.labelled_counterparts import with_labels
from harness.analysis.leaderboard import Entry, Leaderboard, leaderboards, of_entry
from harness.analysis.metrics.definition import metrics
from harness.analysis.published import TABLES, short
from harness.analysis.run_filter import EVERYTHING, RunFilter
from harness.analysis.selection import select
from harness.config.ablation import ABLATED
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import ABLATION, DEFAULT
from harness.config.scenarios import scenarios_of
from harness.storage import store
from harness.storage.store import Results

LABELLED: Final = TABLES[0].benchmarks
"""The paper's five benchmarks."""

Overrides = Mapping[str, Any]
"""Values of the settings that are not the benchmark's own, by name."""

OWN_SETTINGS: Final[Overrides] = {}
"""Of a run that has the benchmark's own."""

NO_PENALTY: Final[Overrides] = {"l0_weight": 0.0}
"""RMN without any penalty."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The runs of one benchmark in one scenario, with its own factors.

    Attributes:
        rows: raw measurements, with those of variants.
        board: without variants.
        complete: with variants.
    """

    rows: pd.DataFrame
    board: Leaderboard
    complete: Leaderboard


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was measured of the paper's benchmarks under one profile.

    Attributes:
        profile: its name.
        compared: by benchmark and scenario; what was not measured is not there.
        damaged: folders and files that could not be read, with the reason.
        ablation: what was measured with one thing varied at a time, in its own profile.
        shown: which of the stored runs these are; of all others, nothing counts as measured.
        stored: these runs, by benchmark.
    """

    profile: str
    compared: Mapping[tuple[str, str], Compared] = field(default_factory=dict)
    damaged: Mapping[Path, str] = field(default_factory=dict)
    ablation: Evidence | None = None
    shown: RunFilter = EVERYTHING
    stored: Mapping[str, Results] = field(default_factory=dict)

    def named(self, benchmark: str) -> str:
        """What the paper calls a benchmark, and that the ablation measured it, where it did.

        The ablation has other settings than the comparison, and of Omniglot only the first tasks.

        Args:
            benchmark: its name.
        """
        return f"{short(benchmark)}{' (ablation)' if self.profile == ABLATION else ''}"

    def of_variants(self) -> Iterator[Evidence]:
        """Where variants may have been measured, each beside the method that they vary."""
        yield self
        if self.ablation is not None:
            yield self.ablation

    def rows(self, benchmark: str, scenario: str, method: str) -> pd.DataFrame:
        """The raw measurements of a method with the benchmark's own settings.

        Args:
            benchmark: its name.
            scenario: its name.
            method: its name.
        """
        place, entry = self._entry(benchmark, scenario, method, OWN_SETTINGS)
        if place is None or entry is None:
            return pd.DataFrame()
        return of_entry(place.rows, entry)

    def values(
        self,
        benchmark: str,
        scenario: str,
        method: str,
        metric: str,
        variant: Overrides = OWN_SETTINGS,
    ) -> pd.Series[float]:
        """A metric by seed; empty where it was not measured.

        Without task labels, task-il is what was measured with the identity given at test alone.

        Args:
            benchmark: its name.
            scenario: its name.
            method: its name.
            metric: its id.
            variant: settings that are not the benchmark's own.
        """
        place, entry = self._entry(benchmark, scenario, method, variant)
        if place is None or entry is None:
            return pd.Series(dtype=float)
        column = Column(metric, scenario if metrics()[metric].scenarios else "")
        return by_seed(place.complete, entry, column).dropna().astype(float)

    def variants(self, benchmark: str, scenario: str, method: str) -> Iterator[Overrides]:
        """The variants of a method that were measured.

        Args:
            benchmark: its name.
            scenario: its name.
            method: its name.
        """
        place = self._place(benchmark, scenario)
        for entry in place.complete.entries if place else ():
            if entry.baseline == method and entry.overrides:
                yield entry.overrides

    def measured(self, benchmark: str, scenario: str) -> list[str]:
        """Names of the methods with the benchmark's own settings.

        Args:
            benchmark: its name.
            scenario: its name.
        """
        place = self._place(benchmark, scenario)
        return [e.baseline for e in place.complete.entries if not e.overrides] if place else []

    def _place(self, benchmark: str, scenario: str) -> Compared | None:
        if not BENCHMARKS[benchmark].labelled:
            [scenario] = scenarios_of(BENCHMARKS[benchmark])
        return self.compared.get((benchmark, scenario))

    def _entry(
        self, benchmark: str, scenario: str, method: str, variant: Overrides
    ) -> tuple[Compared | None, Entry | None]:
        place = self._place(benchmark, scenario)
        for entry in place.complete.entries if place else ():
            if entry.baseline == method and entry.overrides == variant:
                return place, entry
        return None, None


def read_evidence(results: Path, profile: str, asked: RunFilter = EVERYTHING) -> Evidence:
    """What is stored of every benchmark of the paper's tables, and of the ablation.

    Args:
        results: folder of all results.
        profile: whose runs.
        asked: which of them.

    Raises:
        UnknownNameError: no run of the profile is of a method, or has a setting, that is asked for.
    """
    names = [name for table in TABLES for name in table.benchmarks]
    stored = {name: select(store.read(results, name, profile)) for name in names}
    records = [record for found in stored.values() for record in found.records]
    shown = asked.checked(Results(records=records)) if records else asked
    varied = {name: select(store.read(results, name, ABLATION)) for name in ABLATED}
    ablation = _compared(results, ABLATION, varied, shown)
    return replace(_compared(results, profile, stored, shown), ablation=ablation)


def _compared(
    results: Path, profile: str, stored: Mapping[str, Results], shown: RunFilter
) -> Evidence:
    compared: dict[tuple[str, str], Compared] = {}
    damaged: dict[Path, str] = {}
    chosen = {name: shown.of(found) for name, found in stored.items()}
    for name, found in chosen.items():
        damaged |= found.damaged
        supervised = with_labels(results, name, profile)
        for one in comparisons(found):
            if not one.factors:
                board, complete = leaderboards(one, supervised)
                compared[name, one.scenario] = Compared(one.results.rows, board, complete)
    return Evidence(profile, compared, damaged, shown=shown, stored=chosen)


def command(
    evidence: Evidence,
    benchmark: str,
    *,
    scenario: str = "",
    methods: str = "",
    settings: tuple[str, ...] = (),
) -> str:
    """What to type to measure something.

    Args:
        evidence: whose profile it is.
        benchmark: its name.
        scenario: its name, "" for those of the benchmark.
        methods: names, "" for those that are compared by default.
        settings: assignments for --set.
    """
    words = [f"python -m harness.compare --benchmark {benchmark}"]
    if scenario and BENCHMARKS[benchmark].labelled:
        words.append(f"--scenario {scenario}")
    if methods:
        words.append(f"--methods {methods}")
    words += [f"--set {one}" for one in settings]
    if evidence.profile != DEFAULT:
        words.append(f"--profile {evidence.profile}")
    return " ".join(words)
