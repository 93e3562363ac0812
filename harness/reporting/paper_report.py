"""The paper, number by number and claim by claim: quoted, measured, and a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.claims.evidence import LABELLED, Evidence, read_evidence
from harness.analysis.conditions import observed_conditions
from harness.analysis.leaderboard import NoFinishedRunError
from harness.analysis.paper_tables import paper_cells
from harness.analysis.published import PAPER, short
from harness.analysis.run_filter import EVERYTHING, RunFilter
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PAPER as PAPER_PROFILE
from harness.config.scenarios import SCENARIOS
from harness.reporting import tidy
from harness.reporting.figures.paper import draw, paper_figures
from harness.reporting.model import Report
from harness.reporting.naming import listed, said, stem
from harness.reporting.paper_numbers import paper_numbers
from harness.reporting.supplement_table import supplement_table
from harness.reporting.typesetting import table_content
from harness.reporting.verdict_tables import (
    Verdicts,
    claims_table,
    findings,
    judged,
    numbers_table,
    tally,
    unmeasured,
    untestable,
)

TEMPLATE: Final = Path(__file__).parent / "templates" / "paper.typ"


_SELECTED: Final = (
    "These are some of the stored runs: claims about others count as not measured, and a verdict "
    "can be another one than on all runs."
)


def paper_report(results: Path, profile: str, asked: RunFilter = EVERYTHING) -> Report:
    """The report of the paper's tables, figures and claims.

    Args:
        results: folder of all results.
        profile: whose runs.
        asked: which of them; a report of some of them has a file of its own.

    Raises:
        NoFinishedRunError: nothing was measured.
        UnknownNameError: no run is of a method, or has a setting, that is asked for.
    """
    evidence = read_evidence(results, profile, asked)
    shown = evidence.shown
    cells = paper_cells(evidence)
    if not cells["seeds"].any():
        raise NoFinishedRunError(f"there is no finished run{said(shown)}", evidence.damaged)
    verdicts = judged(evidence)
    numbers = list(paper_numbers(cells))
    conditions = observed_conditions(evidence.stored[name] for name in LABELLED)
    supplement = supplement_table(conditions, LABELLED)
    counted, judged_numbers = tally(verdicts), numbers_table(verdicts)
    margins = claims_table("Margins over other methods", verdicts.margins)
    statements = claims_table("Claims in words", verdicts.statements)
    missing = unmeasured(verdicts, evidence)
    selected = [_SELECTED] if shown else []
    basis = _basis(evidence)
    content = {
        "profile": profile,
        "selection": said(shown),
        "paper": PAPER,
        "scenarios": SCENARIOS,
        "basis": basis,
        "findings": [*selected, *findings(verdicts)],
        "tally": table_content(counted),
        "tables": [{"title": table.title, **table_content(table)} for table in numbers],
        "originals": {one.name: _figure_texts(one) for one in paper_figures(evidence)},
        "supplement": table_content(supplement),
        "numbers": table_content(judged_numbers),
        "unmeasured": table_content(missing),
        "untestable": untestable(verdicts),
        "margins": table_content(margins),
        "statements": table_content(statements),
    }
    return Report(
        stem=stem("paper", profile, shown),
        title=f"{PAPER}, claim by claim, profile {profile}{said(shown)}",
        tables=[
            table
            for table in (
                counted,
                *numbers,
                supplement,
                judged_numbers,
                margins,
                statements,
                missing,
            )
            if table.rows
        ],
        data=_data(cells, verdicts, profile),
        template=TEMPLATE,
        content=content,
        lead=[basis, *selected, " ".join(findings(verdicts)), untestable(verdicts)],
        per_seed=_per_seed(evidence),
        draw=lambda folder, endings: draw(
            evidence, [cell for cell, _ in verdicts.numbers], folder, endings
        ),
        damaged=evidence.damaged,
    )


def _basis(evidence: Evidence) -> str:
    """What the verdicts rest on, and the names of the benchmarks."""
    sentences = []
    if evidence.profile != PAPER_PROFILE:
        own, theirs = (
            listed(dict.fromkeys(str(BENCHMARKS[n].budgets[each].epochs) for n in LABELLED))
            for each in (evidence.profile, PAPER_PROFILE)
        )
        sentences.append(
            f"Judged by runs of the profile {evidence.profile}, of {own} epochs a task and with "
            f"this harness's settings of RMN; the paper's own budget, of {theirs}, and its "
            f"settings are the profile {PAPER_PROFILE}."
        )
    titles = [f"{short(name)} is {BENCHMARKS[name].title}" for name in LABELLED]
    ablated = "a number with “(ablation)” is of the ablation, where masks begin at random"
    return " ".join([*sentences, f"{'; '.join(titles)}; {ablated} and Omniglot has ten tasks."])


def _figure_texts(figure: Any) -> dict[str, str]:
    return {"title": figure.title, "paper": figure.paper, "command": figure.command}


def _data(cells: pd.DataFrame, verdicts: Verdicts, profile: str) -> pd.DataFrame:
    """One row a table, scenario, benchmark and method, with the verdict on what is quoted."""
    words = {
        (cell.benchmark, cell.scenario, cell.method): (str(verdict.word), verdict.why)
        for cell, verdict in verdicts.numbers
    }
    keys = zip(cells["benchmark"], cells["scenario"], cells["baseline"], strict=True)
    said = [words.get(key, ("", "")) for key in keys]
    return cells.assign(
        profile=profile, verdict=[word for word, _ in said], why=[why for _, why in said]
    ).rename(
        columns={
            "baseline": "method",
            "method": "title",
            "mean": "mean_fraction",
            "half_width": "half_width_fraction",
            "quoted": "quoted_percent",
        }
    )


def _per_seed(evidence: Evidence) -> pd.DataFrame:
    every = tidy.per_seed([place.board for place in evidence.compared.values()], [])
    return every[every["metric"] == "acc"].reset_index(drop=True)
