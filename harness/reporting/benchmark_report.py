"""The report of one benchmark under one profile, from the results on disk: the answer first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from harness.analysis.comparisons import comparisons, without_variants
from harness.analysis.labelled_counterparts import with_labels
from harness.analysis.leaderboard import Leaderboard, NoFinishedRunError, leaderboards
from harness.analysis.loose_masks import loose_masks
from harness.analysis.run_filter import EVERYTHING, RunFilter
from harness.analysis.selection import select
from harness.analysis.statistics import BEST_NOTE
from harness.analysis.unequal_devices import unequal_devices
from harness.config.benchmark_registry import benchmarks
from harness.reporting import appendix, tidy
from harness.reporting.answer import answer_table, compared, finding
from harness.reporting.browser.charts import charts
from harness.reporting.browser.runs import run_details
from harness.reporting.browser.search_charts import search_charts
from harness.reporting.figures.catalogue import draw, of_boards
from harness.reporting.leading import with_leading
from harness.reporting.model import Report, Table
from harness.reporting.naming import said, stem
from harness.reporting.searches import of_tuning
from harness.reporting.sections import section
from harness.reporting.typesetting import table_content
from harness.reporting.variants import variant_tables, with_variants
from harness.storage import store, studies
from harness.storage.store import Results

TEMPLATE: Final = Path(__file__).parent / "templates" / "report.typ"

_TUNING: Final = "Tuning of settings"


def benchmark_report(
    results: Path, benchmark: str, profile: str, shown: RunFilter = EVERYTHING
) -> Report:
    """The report of a benchmark and profile.

    Args:
        results: folder of all results.
        benchmark: its name.
        profile: its name; it is part of the file's name unless it is the default.
        shown: which of its runs; a report of some of them has a file of its own.

    Raises:
        NoFinishedRunError: there is no finished run that is to be shown.
    """
    found = shown.of(select(store.read(results, benchmark, profile)))
    supervised = with_labels(results, benchmark, profile)
    tried = studies.read(results, benchmark)
    whole = comparisons(found)
    if not whole:
        raise NoFinishedRunError(
            f"there is no finished run of {benchmark}, profile {profile}{said(shown)}",
            found.damaged,
        )
    usual = [without_variants(one) for one in whole]
    boards, complete = zip(*(leaderboards(one, supervised) for one in whole), strict=True)
    varied = [
        every
        for every, board in zip(complete, boards, strict=True)
        if every is not board and with_variants(every)
    ]
    drawable = [(one.results.rows, board) for one, board in zip(usual, boards, strict=True)]
    parts = _Parts(found, boards, varied)
    content = parts.content(said(shown))
    return Report(
        stem=stem(benchmark, profile, shown),
        title=f"{benchmark}, profile {profile}{said(shown)}",
        tables=[parts.answer, *parts.of_sections, *parts.of_variants, parts.methods],
        data=tidy.means(boards, varied),
        template=TEMPLATE,
        content=content,
        lead=[content["compared"], " ".join(content["findings"])],
        appendices=parts.appendices(),
        per_seed=tidy.per_seed(boards, varied),
        charts=lambda: [
            *(chart for rows, board in drawable for chart in charts(rows, board)),
            *search_charts(list(map(of_tuning, of_boards(tried.studies, boards))), _TUNING),
        ],
        runs=lambda: [
            run
            for one, every in zip(whole, complete, strict=True)
            for run in run_details(one, every)
        ],
        draw=lambda folder, endings: draw(drawable, varied, tried.studies, folder, endings),
        damaged=found.damaged | (supervised.damaged if supervised else {}) | tried.damaged,
    )


class _Parts:
    """The tables of a report, which formats of text and of pages share."""

    def __init__(
        self, results: Results, boards: Sequence[Leaderboard], varied: Sequence[Leaderboard]
    ) -> None:
        self._results, self._boards = results, boards
        self._main = [board for board in boards if not board.factors] or list(boards)
        self._finished = results.finished
        self._sections = [section(board, with_leading(board)) for board in boards]
        self.answer = answer_table(self._main)
        self.of_sections = [table for one in self._sections for table in one.tables]
        self.of_variants = variant_tables(varied)
        self.methods = appendix.methods_table([*boards, *varied], self._finished)

    def appendices(self) -> list[Table]:
        """What a reader looks up, for formats that have no template."""
        tables = (
            appendix.formulas_table(self._boards),
            appendix.origins_table(self._finished),
            appendix.problems_table(self._results),
        )
        return [table for table in tables if table.rows]

    def content(self, selection: str) -> dict[str, Any]:
        """What the template is given, but for the figures.

        Args:
            selection: words that name what is shown of the runs, "" for all.
        """
        boards = self._boards
        shown = [entry for board in self._main for entry in board.entries]
        return {
            "title": benchmarks()[boards[0].benchmark].title + selection,
            "profile": boards[0].profile,
            "compared": compared(self._main, min(entry.epochs for entry in shown)),
            "budget": appendix.budget(self._finished),
            "findings": [finding(board) for board in self._main],
            "answer": table_content(self.answer),
            "sections": [
                {
                    "name": one.name,
                    "title": one.title,
                    "main": one.main,
                    "rules": one.rules,
                    "quoted": one.quoted,
                    "tables": [table_content(table) for table in one.tables],
                }
                for one in self._sections
            ],
            "variants": [table_content(table) for table in self.of_variants],
            "methods": table_content(self.methods),
            "formulas": appendix.formulas(boards),
            "best": BEST_NOTE,
            "provenance": appendix.origins(self._finished),
            "loose": [sentence for board in boards for sentence in loose_masks(board)],
            "devices": [sentence for board in boards for sentence in unequal_devices(board)],
            "problems": appendix.problems(self._results),
        }
