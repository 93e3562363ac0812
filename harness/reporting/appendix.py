"""The end of a benchmark's report: methods and their settings, formulas, where runs come from."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from harness.analysis.leaderboard import Leaderboard
from harness.analysis.metrics.definition import Metric, metrics
from harness.reporting import protocol
from harness.reporting.formulas import segments
from harness.reporting.model import Table, Text
from harness.storage import provenance
from harness.storage.record import Record
from harness.storage.store import Results

_COMMIT: Final = re.compile(r"\b[0-9a-f]{40}\b")
_SHORT: Final = 10
"""Digits of a commit that are printed."""

_WHERE_TO: Final = re.compile(r" --(results|reports|jobs|data|logs)[ =]\S+| --no-report\b")
"""What of a command says nothing of its runs, but where they go and how many are made at once."""

_METHODS: Final = re.compile(r"(?<= --methods )\S+")

_ALWAYS: Final = "all"


def budget(finished: Sequence[Record]) -> str:
    """Sentences on the budget of the profile, which settings named in a title may change.

    Args:
        finished: records of runs, at least one.
    """
    record = min(finished, key=lambda one: (_changes_budget(one), str(one.run)))
    training = record.run.training
    decay = ""
    if training["decay"]:
        decay = ", lowered to zero along half a cosine within each task"
    elif training.get("patience"):
        decay = (
            f", divided by three after {training['patience']} epochs without a lower loss on a "
            "held-out tenth of the training data"
        )
    first = training.get("first_epochs")
    longer = f" ({first} in the first)" if first else ""
    limits = [
        f"at most {number:,} {kind} examples a task"
        for name, kind in (("train_examples", "training"), ("test_examples", "test"))
        if (number := training.get(name)) is not None
    ]
    taken = f" Of the data, it has {' and '.join(limits)}." if limits else ""
    optimizer = "SGD" if training.get("optimizer") == "sgd" else "Adam"
    if not training.get("reset_optimizer", True):
        optimizer += ", whose moments go on from task to task,"
    return (
        f"Every method trains for {training['epochs']} epochs a task"
        f"{longer} in batches of {training['batch_size']}, "
        "with the same network, first weights and order of data (replay mixes stored examples "
        f"in), by {optimizer} at {training['learning_rate']:g}{decay}, unless its settings "
        f"name another learning rate; products are in {training.get('precision', 'float32')}, "
        f"weights in float32.{taken}"
    )


def _changes_budget(record: Record) -> bool:
    return any(name.startswith("training.") for name in record.run.overrides)


def methods_table(boards: Sequence[Leaderboard], finished: Sequence[Record]) -> Table:
    """What each method is, with the settings that it had in all comparisons and in each.

    Args:
        boards: without variants, then those with them, of which only methods count that have no
            other runs.
        finished: records of their runs.
    """
    records = {_key(record): record for record in reversed(finished)}
    mine: dict[str, list[tuple[str, Record]]] = {}
    titles: dict[str, str] = {}
    for board in boards:
        for entry in board.entries:
            if entry.variant and entry.baseline in mine:
                continue
            record = records[board.scenario, entry.baseline, entry.setting]
            mine.setdefault(entry.baseline, []).append((protocol.heading(board), record))
            titles.setdefault(entry.baseline, record.method.title)
    needs = {
        name: dict.fromkeys(need for _, record in found for need in record.method.requirements)
        for name, found in mine.items()
    }
    common = [need for need in next(iter(needs.values())) if _shared_by_all(need, needs)]
    rows = []
    for name, found in mine.items():
        method = found[0][1].method
        texts = (
            titles[name],
            method.reference,
            _settings(_by_comparison(dict(found))),
            method.supervision or "–",
            "; ".join(need for need in needs[name] if need not in common) or "none",
        )
        rows.append([Text(text) for text in texts])
    head = ["Method", "Source", "Settings", "Told while learning", "Gives up or needs"]
    summary = (
        "What each method is, the settings it had in every comparison and in each (for robustness "
        "those of the scenario, unless it says otherwise), and which conditions of strict "
        "continual learning it gives up in any."
    )
    if common:
        summary += f" Common to all, and in no row: {'; '.join(common)}."
    return Table("Methods", head, rows, frozenset(range(len(head))), summary=summary)


def _shared_by_all(need: str, needs: Mapping[str, Collection[str]]) -> bool:
    return len(needs) > 1 and all(need in each for each in needs.values())


def _by_comparison(records: Mapping[str, Record]) -> dict[str, Mapping[str, Any]]:
    """A method's settings in each comparison that has not those of its scenario.

    Args:
        records: a run of each comparison, by the comparison's heading.
    """
    return {
        title: record.run.settings
        for title, record in records.items()
        if (usual := records.get(record.run.scenario, record)) is record
        or usual.run.settings != record.run.settings
    }


def _settings(by_comparison: Mapping[str, Mapping[str, Any]]) -> str:
    """Settings that all comparisons share once, then those in which each differs.

    What is None in all of them limits nothing, and is left out.
    """
    first, *others = by_comparison.values()
    shared = {
        name: value
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }
    limiting = {name: value for name, value in shared.items() if value is not None}
    lines = [_assigned(_ALWAYS, limiting)] if limiting else []
    for title, settings in by_comparison.items():
        own = {name: value for name, value in settings.items() if name not in shared}
        if own:
            lines.append(_assigned(title, own))
    return "; ".join(lines) or "–"


def _assigned(title: str, settings: Mapping[str, Any]) -> str:
    values = ", ".join(f"{name} = {_shown_value(value)}" for name, value in settings.items())
    return values if title == _ALWAYS else f"{title}: {values}"


def _shown_value(value: Any) -> Any:
    """A number that was computed, such as a third, has four digits."""
    if isinstance(value, float) and value != float(f"{value:.6g}"):
        return f"{value:.4g}"
    return "none" if value is None else value


def _key(record: Record) -> tuple[str, str, str]:
    return record.run.scenario, record.run.baseline, record.run.setting


def formulas(boards: Sequence[Leaderboard]) -> list[dict[str, Any]]:
    """Title, pieces of the formula and source of each metric that stands in a table.

    Args:
        boards: of the report.
    """
    return [
        {"title": one.title, "formula": segments(one.formula), "source": one.source}
        for one in _shown(boards)
    ]


def formulas_table(boards: Sequence[Leaderboard]) -> Table:
    """The same as texts.

    Args:
        boards: of the report.
    """
    lines = [(one.title, one.formula, one.source) for one in _shown(boards)]
    return _texts("Formulas", ["Metric", "Formula", "Source"], lines)


def _shown(boards: Sequence[Leaderboard]) -> list[Metric]:
    measured = {one for board in boards for one in board.derived.dropna(subset="value")["metric"]}
    return [one for one in metrics().values() if one.id in measured and one.section is not None]


def origins_table(finished: Sequence[Record]) -> Table:
    """What the runs were made with (`origins`) as texts."""
    return _texts("Provenance", ["What", "Value", "Runs"], origins(finished))


def problems_table(results: Results) -> Table:
    """What is not in the report (`problems`) as texts."""
    return _texts("Not in this report", ["Run"], [[text] for text in problems(results)])


def _texts(title: str, head: Sequence[str], lines: Iterable[Sequence[str]]) -> Table:
    rows = [[Text(text) for text in line] for line in lines]
    return Table(title, head, rows, frozenset(range(len(head))))


def origins(finished: Sequence[Record]) -> list[tuple[str, str, str]]:
    """What the runs were made with: title, value, number of runs.

    Commits are shortened, and commands are without the folders and numbers of processes that they
    name, so that those that make the same runs are one; those that differ in their methods alone
    are one that names all of these.

    Args:
        finished: records of runs.
    """
    commands = [_WHERE_TO.sub("", str(one.provenance.get("command"))) for one in finished]
    made = [
        {**record.provenance, "command": command}
        for record, command in zip(finished, _of_all_methods(commands), strict=True)
    ]
    return [
        (title, _COMMIT.sub(lambda found: found[0][:_SHORT], value), runs)
        for title, value, runs in provenance.summary(made)
    ]


def _of_all_methods(commands: Sequence[str]) -> list[str]:
    """The commands, those that differ in their methods alone as one that names all of these."""
    others = [_METHODS.sub("", command) for command in commands]
    named: dict[str, dict[str, None]] = {other: {} for other in others}
    for command, other in zip(commands, others, strict=True):
        for names in _METHODS.findall(command):
            named[other] |= dict.fromkeys(names.split(","))
    return [
        _METHODS.sub(",".join(named[other]), command)
        for command, other in zip(commands, others, strict=True)
    ]


def problems(results: Results) -> list[str]:
    """What is not in the report: runs that failed or diverged, and files that are damaged.

    Args:
        results: all that is stored of the benchmark and profile.
    """
    failed: Iterable[str] = (
        f"{record.run}: {record.status}, {_last_line(record.error)}"
        for record in results.records
        if record.status != "finished"
    )
    damaged = (
        f"{'/'.join(path.parts[-2:])}: damaged, {reason}"
        for path, reason in results.damaged.items()
    )
    return [*failed, *damaged]


def _last_line(text: str) -> str:
    return (text.strip() or "no reason was stored").splitlines()[-1]
