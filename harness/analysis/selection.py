"""Which of the stored runs count in a comparison, and how those that differ are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pandas as pd

from baselines.registry import methods
from harness.config.budgets import TrainingBudget
from harness.config.code import Code, present_code
from harness.config.run import Run
from harness.config.settings import declared
from harness.storage import schema
from harness.storage.record import Record
from harness.storage.schema import CLASSES_SEEN
from harness.storage.store import Results
from harness.storage.texts import mapped

WITHOUT_RULE: Final = "max-logit"
"""Confidence by which methods that infer no task tell old from new."""


def select(results: Results) -> Results:
    """The runs that may stand in one report, each scenario in a comparison of its own.

    Runs of two versions of a benchmark, or of a method, must not be averaged or compared, nor runs
    of a plugin's file before and after it was changed. Those of the code of this process count; if
    none of it has finished, or it is not known here, those of the newest version, or of the file
    that made the last finished run. Runs from before and after a change of defaults are told
    apart, as are those of two plugins that give their methods one name; what differs in the older
    ones becomes an override.
    """
    names = {(record.run.benchmark, record.run.baseline) for record in results.records}
    present = {
        baseline: code
        for benchmark, baseline in names
        if (code := present_code(benchmark, baseline)) is not None
    }
    records = _of_present_plugins(_of_counting_versions(results.records, present), present)
    records = _disambiguated(records)
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


def _of_counting_versions(records: Sequence[Record], present: Mapping[str, Code]) -> list[Record]:
    """Without what was made by other versions of the benchmark, its method or the rows."""
    finished = [record.run for record in records if record.status == "finished"]
    now = {name: _version(code.versions) for name, code in present.items()}
    of_benchmark = _counting(
        {version for version, *_ in now.values()}, {_version(run.versions)[0] for run in finished}
    )
    made: dict[str, set[tuple[int, ...]]] = {}
    for run in finished:
        if _version(run.versions)[0] == of_benchmark:
            made.setdefault(run.baseline, set()).add(_version(run.versions))
    counting = {name: _counting({now.get(name)}, versions) for name, versions in made.items()}

    def counts(record: Record) -> bool:
        version, least = _version(record.run.versions), counting.get(record.run.baseline)
        if record.status == "finished":
            return version == least
        return version >= (least or (of_benchmark or 0,))

    return [record for record in records if counts(record)]


def _counting(present: set[Any], made: set[Any]) -> Any:
    """Of the versions that runs were made by: that of the present code, else the newest."""
    return max(present & made or made, default=None)


def _of_present_plugins(records: Sequence[Record], present: Mapping[str, Code]) -> list[Record]:
    """Without what was made by a plugin's file that is not the one that counts."""

    def place(record: Record) -> tuple[bool, str]:
        """Sorts the runs of the present code last, and others by when they were begun."""
        code = present.get(record.run.baseline)
        return code is not None and code.plugins == record.run.plugins, _started(record)

    finished = [record for record in records if record.status == "finished"]
    counting = {
        (part, name): digest
        for record in sorted(finished, key=place)
        for part, name, digest in _origins(record.run)
    }
    return [
        record
        for record in records
        if all(
            counting.get((part, name), digest) == digest
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
    known = methods().get(run.baseline)
    settings, budget = (_defaults(one) for one in (known, TrainingBudget))
    return {
        f"{prefix}{name}": own.get(name)
        for prefix, own, others in (
            ("", {**settings, **run.settings}, {**settings, **other.settings}),
            ("training.", {**budget, **run.training}, {**budget, **other.training}),
            ("plugin.", run.plugins, other.plugins),
        )
        for name in [*own, *(name for name in others if name not in own)]
        if own.get(name) != others.get(name)
    }


@cache
def _defaults(owner: Any) -> Mapping[str, Any]:
    """What a run had of settings that came later than it, and are not stored with it.

    Args:
        owner: the class of the method, None where it is not known, or that of the budget.
    """
    found = {} if owner is None else declared(owner)
    return {name: one.default for name, one in found.items() if one.later}


def _version(versions: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(versions.get(part, 0) for part in ("benchmark", "baseline", "rows"))
