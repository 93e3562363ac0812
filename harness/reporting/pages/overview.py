"""What the documentation shows of all results: standings of each scenario, and a picture."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Final

import matplotlib as mpl
import pandas as pd

from baselines.registry import methods
from harness.analysis.comparisons import comparisons
from harness.analysis.leaderboard import leaderboard
from harness.analysis.run_filter import RunFilter
from harness.analysis.selection import select
from harness.analysis.standings import ORDER_NOTE, standings
from harness.analysis.statistics import BEST_NOTE
from harness.config.benchmark_registry import benchmarks
from harness.config.budgets import DEFAULT
from harness.config.plan import default_methods
from harness.config.scenarios import SCENARIOS
from harness.reporting.figures.ranking import ranking
from harness.reporting.figures.style import STYLE
from harness.reporting.leaderboard_report import scenario_tables
from harness.reporting.writers.markdown import table_lines
from harness.storage import store

PICTURED: Final = "split_mnist"
"""The benchmark of the picture."""

_ORDER: Final = f"ACC (%), mean with its 95 % interval over n seeds. {BEST_NOTE} {ORDER_NOTE}"

_USUAL: Final = (
    "The methods are those of a default comparison; bold is beside all that were measured."
)


def standings_section(results: Path) -> str:
    """Markdown: a table a scenario of the benchmarks with labels, without those of a publication.

    Args:
        results: folder of all results.
    """
    return _tables(standings(results, DEFAULT).table)


def main_standings_section(results: Path) -> str:
    """As `standings_section`, of the methods of a default comparison alone.

    Args:
        results: folder of all results.
    """
    found = standings(results, DEFAULT).table
    usual = default_methods(benchmarks()[PICTURED], methods())
    return f"{_tables(found[found['baseline'].isin(usual)])} {_USUAL}"


def _tables(found: pd.DataFrame) -> str:
    main = [name for name, one in benchmarks().items() if one.labelled and not one.variant_of]
    lines: list[str] = []
    for table in scenario_tables(found[found["benchmark"].isin(main)]):
        asked = f"{table.title}: {SCENARIOS[table.title]}."
        bare = replace(table, title="", summary=asked, head=table.head[:-1])
        lines += table_lines(replace(bare, rows=[row[:-1] for row in table.rows]))
    return "\n".join([*lines, _ORDER])


def picture(results: Path) -> bytes | None:
    """SVG: the accuracy of every method of a default comparison on Split-MNIST.

    The same results give the same bytes; without a finished run there is none.

    Args:
        results: folder of all results.
    """
    known = methods()
    usual = RunFilter(methods=tuple(default_methods(benchmarks()[PICTURED], known)))
    found = usual.of(select(store.read(results, PICTURED, DEFAULT)))
    boards = [leaderboard(one) for one in comparisons(found)]
    main = [board for board in boards if not board.factors]
    if not main:
        return None
    with mpl.rc_context({**STYLE, "svg.hashsalt": PICTURED}):
        file = BytesIO()
        ranking(main).savefig(file, format="svg", metadata={"Date": None}, facecolor="white")
    return file.getvalue()
