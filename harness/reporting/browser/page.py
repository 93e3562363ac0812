"""One self-contained HTML page of a report: texts, tables, charts and every run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.reporting.browser.libraries import Library, data_tables, vega
from harness.reporting.model import Chart, Report, RunDetails, Table, Text

TEMPLATES: Final = Path(__file__).parent / "templates"

_NUMBER: Final = re.compile(r"-?\d[\d,]*(\.\d+)?")

_UNTITLED: Final = "Summary"
"""Of tables of which the title of the report says all."""

_RUN_HEAD: Final = ("Run", "Method", "Part", "Seed", "Status")
_RUN_METRICS: Final = 4
"""Columns of the table of runs for metrics; the others are shown with the run."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Attributes:
        anchor: id of its element.
        title: of the part.
        tables: with that title.
        charts: numbers of its charts among those of the page.
    """

    anchor: str
    title: str
    tables: Sequence[Table]
    charts: Sequence[int]


def page(report: Report) -> str:
    """The page as HTML; equal reports give equal pages.

    Args:
        report: what to show.
    """
    charts, runs = list(report.charts()), list(report.runs())
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["order"] = _order
    libraries = [data_tables(), *([vega()] if charts else [])]
    return environment.get_template("page.html.j2").render(
        report=report,
        sections=_sections(report, charts),
        charts=charts,
        runs=_runs_table(runs) if runs else None,
        appendices=list(map(_filled, report.appendices)),
        libraries=libraries,
        tables_script=_script(libraries[0]),
        charts_script=_script(libraries[1]) if charts else "",
        style=Markup((TEMPLATES / "page.css").read_text()),
        script=Markup((TEMPLATES / "page.js").read_text()),
        data=_json({"charts": list(map(_chart, charts)), **_details(runs)}),
    )


def _sections(report: Report, charts: Sequence[Chart]) -> list[Section]:
    """A section a title, in the order of the tables, with its charts; then those of charts."""
    tables: dict[str, list[Table]] = {}
    for table in report.tables:
        tables.setdefault(table.title or _UNTITLED, []).append(_filled(table))
    for chart in charts:
        tables.setdefault(chart.section, [])
    return [
        Section(
            anchor=f"part-{number}",
            title=title,
            tables=of_title,
            charts=[at for at, chart in enumerate(charts) if chart.section == title],
        )
        for number, (title, of_title) in enumerate(tables.items(), start=1)
    ]


def _filled(table: Table) -> Table:
    """The table, with the title of a row in each of the rows below that share it.

    Rows that are sorted or filtered do not stay below the one that has the title.
    """
    rows = [list(row) for row in table.rows]
    for above, row in pairwise(rows):
        if not row[0].text:
            row[0] = above[0]
    return replace(table, rows=rows)


def _order(text: str) -> float | None:
    """The number that a cell begins with, by which its column is sorted; None if it has none."""
    found = _NUMBER.match(text)
    return float(found[0].replace(",", "")) if found else None


def _runs_table(runs: Sequence[RunDetails]) -> Table:
    """One row a run, with the metrics that most runs have first."""
    titles = list(dict.fromkeys(title.partition(",")[0] for run in runs for title in run.metrics))
    shown = titles[:_RUN_METRICS]
    rows = []
    for run in runs:
        short = {title.partition(",")[0]: text for title, text in reversed([*run.metrics.items()])}
        rows.append(
            [
                Text(run.run_id),
                Text(run.title),
                Text(run.section),
                Text(str(run.seed)),
                Text(run.status),
                *(Text(short.get(title, "–")) for title in shown),
            ]
        )
    return Table("Runs", [*_RUN_HEAD, *shown], rows, left=frozenset({0, 1, 2, 4}))


def _chart(chart: Chart) -> dict[str, Any]:
    columns = {str(name): _values(chart.data[name]) for name in chart.data.columns}
    return {"title": chart.title, "spec": {**chart.spec, "title": None}, "columns": columns}


def _values(column: pd.Series[Any]) -> list[Any]:
    return [None if _is_nan(value) else value for value in column.tolist()]


def _details(runs: Iterable[RunDetails]) -> dict[str, Any]:
    """Runs as the page's script reads them; what several have in common is there once."""
    facts: list[Any] = []
    places: dict[str, int] = {}

    def shared(content: Any) -> int:
        key = json.dumps(content, sort_keys=True)
        if key not in places:
            places[key] = len(facts)
            facts.append(content)
        return places[key]

    found = {
        run.run_id: {
            "title": run.title,
            "section": run.section,
            "seed": run.seed,
            "status": run.status,
            "metrics": dict(run.metrics),
            "matrix": [_tested(row) for row in run.matrix],
            "facts": {title: shared(_texts(pairs)) for title, pairs in run.facts.items()},
            "command": shared(run.command),
            "error": run.error,
            "task_log": {title: list(texts) for title, texts in run.task_log.items()},
        }
        for run in runs
    }
    return {"runs": found, "shared": facts}


def _tested(row: Sequence[float]) -> list[float | None]:
    """The number of the first task that was tested, then accuracies to the last one that was."""
    tested = [at for at, value in enumerate(row) if not math.isnan(value)]
    if not tested:
        return []
    first, last = tested[0], tested[-1]
    return [first + 1, *(None if math.isnan(v) else v for v in row[first : last + 1])]


def _texts(pairs: Mapping[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in pairs.items()}


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _json(content: Any) -> Markup:
    """JSON that may stand in a script element, and so has no "<"."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _script(library: Library) -> Markup:
    """A script that may stand in a script element."""
    return Markup(re.sub("</(?=script)", r"<\\/", library.script, flags=re.IGNORECASE))
