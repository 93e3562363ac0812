"""Which of the stored runs count in a comparison, and how those that differ are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from harness.config.run import Run
from harness.storage import schema
from harness.storage.record import Record
from harness.storage.schema import CLASSES_SEEN
from harness.storage.store import Results
from harness.storage.texts import mapped

WITHOUT_RULE: Final = "max-logit"
"""Confidence by which methods that infer no task tell old from new."""


def select(results: Results) -> Results:
    """The runs that may stand in one report, each scenario in a comparison of its own.

    Runs of an older version of the benchmark, or of their method, are left out where finished ones
    of a newer version are there: the two must not be averaged or compared. Nor must runs of a
    plugin and of the same plugin as it was before its file was changed. Runs from before and after
    a change of defaults are told apart, as are those of two plugins that give their methods one
    name; what differs in the older ones becomes an override.
    """
    records = _disambiguated(_of_present_plugins(_newest(results.records)))
    settings = {r.run.id: r.run.setting for r in records if r.status == "finished"}
    rows = schema.of_runs(results.rows, settings)
    rows = rows.assign(setting=mapped(rows["run_id"], settings))
    return replace(results, records=records, rows=rows)


def under_default_rule(table: pd.DataFrame, records: Sequence[Record]) -> pd.DataFrame:
    """The rows under the rule by which each method infers tasks by default, or under none.

    Args:
        table: raw or derived, with the columns run_id and rule.
        records: of its runs.
    """
    rules = {record.run.id: record.method.rule for record in records}
    default = table["run_id"].map(rules).astype("string").fillna("")
    without = (default == "") & table["rule"].isin([CLASSES_SEEN, WITHOUT_RULE])
    own = table["rule"].astype("string") == default
    return table[(table["rule"] == "") | own | without]


def _newest(records: Sequence[Record]) -> list[Record]:
    finished: dict[str, tuple[int, ...]] = {}
    for record in records:
        if record.status == "finished":
            run = record.run
            finished[run.baseline] = max(finished.get(run.baseline, ()), _version(run))
    oldest = (max((version for version, *_ in finished.values()), default=0),)
    return [r for r in records if _version(r.run) >= max(finished.get(r.run.baseline, ()), oldest)]


def _of_present_plugins(records: Sequence[Record]) -> list[Record]:
    """Without what was made by a plugin's file before the one that made the last finished run."""
    present: dict[tuple[str, str], str] = {}
    for record in sorted(records, key=_started):
        if record.status == "finished":
            present |= {(part, name): digest for part, name, digest in _origins(record.run)}
    return [
        record
        for record in records
        if all(
            present.get((part, name), digest) == digest
            for part, name, digest in _origins(record.run)
        )
    ]


def _origins(run: Run) -> Iterator[tuple[str, str, str]]:
    """What is of a plugin, the plugin's name, and the digest of its file.

    Methods, benchmarks and networks of one name are told apart, as a file may have several.
    """
    for part, origin in run.plugins.items():
        name, _, digest = origin.partition(" ")
        yield f"{part} {run.baseline if part == 'baseline' else run.benchmark}", name, digest


def _started(record: Record) -> str:
    return str(record.provenance.get("started", ""))


def _disambiguated(records: Sequence[Record]) -> list[Record]:
    def alike(run: Run) -> tuple[str, str, str]:
        return run.scenario, run.baseline, run.setting

    latest: dict[tuple[str, str, str], Run] = {}
    for record in sorted(records, key=_started):
        latest[alike(record.run)] = record.run

    def named_apart(run: Run) -> Run:
        differing = _differences(run, latest[alike(run)])
        return replace(run, overrides={**run.overrides, **differing})

    return [replace(record, run=named_apart(record.run)) for record in records]


def _differences(run: Run, other: Run) -> dict[str, Any]:
    """The values of a run's settings and budget that another run does not share."""
    return {
        f"{prefix}{name}": own.get(name)
        for prefix, own, others in (
            ("", run.settings, other.settings),
            ("training.", run.training, other.training),
            ("plugin.", run.plugins, other.plugins),
        )
        for name in [*own, *(name for name in others if name not in own)]
        if own.get(name) != others.get(name)
    }


def _version(run: Run) -> tuple[int, ...]:
    return tuple(run.versions.get(part, 0) for part in ("benchmark", "baseline", "rows"))
