"""What `python -m harness.results` shows: a table of what is stored, and all about one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from harness.storage.again import command_again

if TYPE_CHECKING:
    import pandas as pd

    from harness.storage.inventory import Inventory, StoredRun
    from harness.storage.record import Record


def overview(
    inventory: Inventory, runs: Iterable[StoredRun], *, each: bool
) -> Iterator[tuple[str, Table]]:
    """A heading and a table for each benchmark and profile.

    Args:
        inventory: for the sizes of the packed files.
        runs: of the inventory, in its order.
        each: one line a run with its id, not one for all seeds of a setting.
    """
    for (benchmark, profile), group in groupby(runs, lambda run: (run.benchmark, run.profile)):
        section = list(group)
        files = {run.path: inventory.files[run.path] for run in section if run.place == "packed"}
        sizes = [f"packed file {decimal(size)}" for size in files.values()]
        folders = [run for run in section if run.place == "folder"]
        if folders:
            size = decimal(sum(run.size for run in folders))
            sizes.append(f"{counted(len(folders), 'folder')} {size}")
        distinct = len({run.run_id for run in section})
        heading = f"{benchmark}/{profile}: {counted(distinct, 'run')}; {', '.join(sizes)}"
        yield heading, _each(section) if each else _settings(section)


def description(stored: StoredRun, record: Record) -> Table:
    """The whole record of a run, one line a field.

    Args:
        stored: where it is.
        record: of the run.
    """
    run, method, provenance = record.run, record.method, record.provenance
    lines = {
        "Run": run.id,
        "Status": record.status,
        "Stored": f"{stored.place}, {stored.path}",
        "Benchmark": run.benchmark,
        "Profile": run.profile,
        "Scenario": run.scenario,
        "Method": f"{run.baseline}: {method.title}",
        "Seed": str(run.seed),
        "Differs in": run.setting or "nothing: the benchmark's own settings",
        "Settings": _pairs(run.settings),
        "Budget": _pairs(run.training),
        "Run versions": _pairs(run.versions),
        "Reference": method.reference,
        "Requirements": ", ".join(method.requirements) or "none",
        "Supervision": method.supervision,
        "Task inferred": method.rule or "no",
        **{
            name.replace("_", " ").capitalize(): _shown(value) for name, value in provenance.items()
        },
        "Make it again": command_again(record),
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in lines.items():
        if text:
            table.add_row(name, Text(text))
    return table


def measurements(rows: pd.DataFrame) -> Table:
    """The metrics of one run, and how many raw rows of each measurement there are.

    Args:
        rows: of the run (`harness.storage.schema`).
    """
    from harness.analysis.derivation import derive  # imports pandas
    from harness.analysis.metrics.definition import Unit, metrics

    table = Table(
        "metric", "scenario", "rule", title=f"{counted(len(rows), 'row')} of measurements"
    )
    table.add_column("value", justify="right")
    for row in derive(rows).dropna(subset="value").to_dict("records"):
        value = float(row["value"])
        percent = metrics()[row["metric"]].unit is Unit.PERCENT
        text = f"{100 * value:.2f} %" if percent else f"{value:,.6g}"
        table.add_row(*map(Text, (row["metric"], row["scenario"], row["rule"], text)))
    return table


def counted(count: int, thing: str, things: str = "") -> str:
    """A number of things in words, such as "1 run" and "1,200 runs".

    Args:
        count: their number.
        thing: one of them.
        things: several of them; "" where an s makes them.
    """
    return f"{count:,} {thing if count == 1 else things or f'{thing}s'}"


def _settings(runs: Sequence[StoredRun]) -> Table:
    def what(run: StoredRun) -> tuple[str, ...]:
        return run.scenario, run.method, _setting(run), run.status, run.place

    rows = []
    for (scenario, method, setting, status, place), group in groupby(sorted(runs, key=what), what):
        same = list(group)
        seeds = _ranges(sorted({run.record.run.seed for run in same if run.record}))
        size = decimal(sum(run.size for run in same)) if place == "folder" else ""
        number = str(len(same))
        rows.append((scenario, method, setting, number, seeds, status, place, size))
    titles = ("scenario", "method", "setting", "runs", "seeds", "status", "place", "size")
    return _table(titles, rows)


def _each(runs: Sequence[StoredRun]) -> Table:
    rows = []
    for run in runs:
        seed = str(run.record.run.seed) if run.record else ""
        what = (run.run_id, run.scenario, run.method, seed)
        rows.append((*what, run.status, run.place, _setting(run)))
    return _table(("run", "scenario", "method", "seed", "status", "place", "setting"), rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A plain table of the columns that are not empty; only the setting may be broken."""
    shown = [column for column in range(len(titles)) if any(row[column] for row in rows)]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in (titles[column] for column in shown):
        right = title in ("runs", "size")
        if title == "setting":
            table.add_column(title, overflow="fold")
        else:
            table.add_column(title, no_wrap=True, justify="right" if right else "left")
    for row in rows:
        table.add_row(*(Text(row[column]) for column in shown))
    return table


def _setting(run: StoredRun) -> str:
    return run.record.run.setting if run.record else run.damage


def _ranges(numbers: Sequence[int]) -> str:
    """Sorted whole numbers, those in a row as a range: 0, 1, 2, 5 -> "0-2 5"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return " ".join(f"{one[0]}-{one[-1]}" if len(one) > 1 else str(one[0]) for one in found)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return str(value)
