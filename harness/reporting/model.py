"""What a report is before it is written: the same for every report and every format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

ANSWER: Final = "answer"
VARIANTS: Final = "variants"
TUNING: Final = "tuning"
"""Sections of a benchmark's report beside those of the scenarios, as figures name them."""


@dataclass(frozen=True, slots=True)
class Text:
    """The content of a table's cell.

    Attributes:
        text: what was measured, or a word.
        bold: whether it is among the best.
        quoted: what a publication prints for it; never measured here.
    """

    text: str
    bold: bool = False
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    Attributes:
        title: of the section that it stands in, "" where the report's own says it all.
        head: title of each column.
        rows: as many texts each as there are columns.
        left: numbers of the columns, from 0, that hold words; numbers stand at the right.
        notes: numbered from 1, below the table.
        summary: its caption, "" for none.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Text]]
    left: frozenset[int] = frozenset({0})
    notes: Sequence[str] = ()
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that was drawn.

    Attributes:
        path: of its file; the same drawing in another format differs in the ending alone.
        caption: what it shows.
        section: that it belongs to.
        narrow: whether two of its width fit beside each other.
    """

    path: Path
    caption: str
    section: str
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure that a browser draws from its numbers.

    Attributes:
        title: one line.
        caption: what it shows.
        section: title of the section that it belongs to.
        data: the numbers, with columns named as readers see them.
        spec: how they are drawn, as a Vega-Lite specification but for the data.
    """

    title: str
    caption: str
    section: str
    data: pd.DataFrame
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunDetails:
    """All about one run, whether it finished or not.

    Attributes:
        run_id: its id.
        title: the method's, with the settings that differ from the defaults.
        section: title of the section that it belongs to.
        seed: its number.
        status: how it ended.
        metrics: title and value as printed of each metric under the method's default rule.
        matrix: accuracy in percent on each task (columns) after learning each (rows, from the
            first); NaN where it was not tested.
        facts: heading and pairs of name and value of what made the run: settings, budget, origin.
        command: what makes it again, "" where none was recorded.
        error: the traceback of a run that did not finish.
        task_log: texts by the title of their column, one each time that a task had been learned.
    """

    run_id: str
    title: str
    section: str
    seed: int
    status: str
    metrics: Mapping[str, str]
    matrix: Sequence[Sequence[float]]
    facts: Mapping[str, Mapping[str, Any]]
    command: str = ""
    error: str = ""
    task_log: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A report to be written in any format.

    Attributes:
        stem: name of its files, without the ending.
        title: one line.
        tables: for formats of text; those of the pages, in their order.
        data: the same numbers as a tidy table, for formats of data.
        template: Typst source, for formats of pages.
        content: what the template is given, but for the figures.
        lead: paragraphs that say what was compared and found, for formats of text.
        appendices: tables after all others, for formats that have no template.
        per_seed: the numbers that the means of `data` are of, a row a run and metric.
        charts: makes the figures that a browser draws.
        runs: tells all about each run.
        parts: title by stem of the reports that this one sums up.
        draw: draws the figures into a folder, as files with each of the endings, in the order of
            the pages.
        damaged: runs that could not be read and were left alone, with the reason.
    """

    stem: str
    title: str
    tables: Sequence[Table]
    data: pd.DataFrame
    template: Path
    content: Mapping[str, Any]
    lead: Sequence[str] = ()
    appendices: Sequence[Table] = ()
    per_seed: pd.DataFrame = field(default_factory=pd.DataFrame)
    charts: Callable[[], Sequence[Chart]] = lambda: ()
    runs: Callable[[], Sequence[RunDetails]] = lambda: ()
    parts: Mapping[str, str] = field(default_factory=dict)
    draw: Callable[[Path, Sequence[str]], Sequence[Figure]] = lambda folder, endings: ()
    damaged: Mapping[Path, str] = field(default_factory=dict)
