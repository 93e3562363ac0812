"""Every figure of a benchmark's report, in the order of the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure as Drawing

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures import accuracy, costs, inference, masks, tuning, unlabelled
from harness.reporting.figures.files import save
from harness.reporting.figures.ranking import ranking
from harness.reporting.figures.style import FULL, STYLE
from harness.reporting.leading import with_leading
from harness.reporting.model import ANSWER, TUNING, VARIANTS, Figure
from harness.reporting.naming import listed
from harness.storage.studies import Study


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure that a section of a report may have.

    Attributes:
        name: of its file.
        draw: from the raw rows and the leaderboard of one comparison; None where there
            is nothing to draw.
        caption: what it shows.
    """

    name: str
    draw: Callable[[pd.DataFrame, Leaderboard], Drawing | None]
    caption: str


FIGURES: Final = (
    FigureKind(
        "curves",
        accuracy.curves,
        "Average accuracy over the tasks learned so far, where all of them were tested: mean, 95 % "
        "band, seeds faint.",
    ),
    FigureKind(
        "when-learned",
        accuracy.when_learned,
        "Accuracy on each task when it was learned: mean, 95 % band, seeds faint. All tasks were "
        "tested after the last one only.",
    ),
    FigureKind(
        "epochs",
        accuracy.epochs,
        "Accuracy on the task that is being learned after each of its epochs, the identity given: "
        "mean over tasks and seeds, and the range of the tasks' means.",
    ),
    FigureKind(
        "matrices",
        accuracy.matrices,
        "Accuracy (%) on each task after learning each task, mean over seeds, of the methods that "
        f"forget {accuracy.NEGLIGIBLE * 100:.0f} point or more.",
    ),
    FigureKind(
        "overlap",
        masks.overlap,
        "Intersection over union of the masks of two tasks (%), mean over seeds.",
    ),
    FigureKind(
        "usage",
        masks.usage,
        "Share of the weights that the masks of all tasks so far keep together (lines) and that "
        "each task's mask keeps (dotted), seeds faint.",
    ),
    FigureKind(
        "confusion",
        inference.confusion,
        "Which task the test examples of each task were taken for after the last task, by each "
        "method's default rule: mean over seeds, %.",
    ),
    FigureKind(
        "switches",
        unlabelled.switches,
        "Batches at which a method began a new mask, one line of marks per seed; grey: the first "
        "batch of each task.",
    ),
    FigureKind(
        "old_new",
        unlabelled.old_new,
        "How well the tasks shown so far are told from those to come by confidence, mean over "
        "tasks, seeds faint. Dotted: a score that knows nothing.",
    ),
    FigureKind(
        "responses",
        inference.responses,
        "The paper's Figure 2: accuracy on each task's shuffled test data (rows) under the mask of "
        "each task (columns), among all classes, mean over seeds, %. Diagonal: the right mask; "
        "elsewhere, predictions that are right although the mask is another task's.",
    ),
    FigureKind(
        "cost",
        costs.cost,
        "Accuracy against the bytes that predictions need beyond one network.",
    ),
)

_RANKING: Final = (
    "ACC and forgetting: mean, 95 % interval, seeds (dots). Vertical bars: what the paper prints."
)
_BUDGETS: Final = (
    "Learning curves: ACC by epochs a task, mean and 95 % interval. Dotted: what the paper prints, "
    "from its own budget. All other figures show the profile's own number of epochs."
)


def draw(
    compared: Sequence[tuple[pd.DataFrame, Leaderboard]],
    variants: Sequence[Leaderboard],
    studies: Sequence[Study],
    folder: Path,
    endings: Sequence[str],
) -> list[Figure]:
    """Draw what there are data for; the same data give the same bytes.

    A comparison of another normalisation, or of other outputs, has no figure of its own.

    Args:
        compared: raw measurements (`harness.analysis.comparisons`) and leaderboard of each
            comparison, without variants.
        variants: leaderboards of the comparisons that have variants, with them.
        studies: what was tried on the benchmark; those of other methods, scenarios and
            normalisations are left out.
        folder: where the files go; made if it is not there.
        endings: of the files, such as "pdf".
    """
    folder.mkdir(exist_ok=True)
    drawn: list[Figure] = []

    def keep(drawing: Drawing | None, name: str, caption: str, section: str) -> None:
        if drawing is not None:
            path = save(drawing, folder / name, endings)
            drawn.append(Figure(path, caption, section, narrow=bool(drawing.get_figwidth() < FULL)))

    with mpl.rc_context(STYLE):
        if main := [board for _, board in compared if not board.factors]:
            keep(ranking(main), "ranking", f"{_RANKING} {_seeds(main)}", ANSWER)
        shown = [with_leading(board) for _, board in compared]
        for (rows, _), board in zip(compared, shown, strict=True):
            scenario = board.scenario
            for kind in () if board.factors else FIGURES:
                drawing = kind.draw(rows, board)
                caption = f"{scenario}. {kind.caption} {_seeds([board])}"
                keep(drawing, f"{scenario}-{kind.name}", caption, scenario)
        for board in variants:
            drawing = accuracy.budgets(pd.DataFrame(), board)
            name = f"{board.scenario}-budgets"
            keep(drawing, name, f"{board.scenario}. {_BUDGETS} {_seeds([board])}", VARIANTS)
        tried = of_boards(studies, shown)
        keep(tuning.searches(tried), "searches", tuning.CAPTION, TUNING)
    return drawn


def _seeds(boards: Sequence[Leaderboard]) -> str:
    """The numbers of seeds that the means of a figure are over, those of few methods by name."""
    titles: dict[int, list[str]] = {}
    for entry in (entry for board in boards for entry in board.entries):
        titles.setdefault(entry.seeds, []).append(entry.title)
    usual = max(titles, key=lambda seeds: len(titles[seeds]), default=0)
    others = [
        f"{listed(dict.fromkeys(titles[seeds]))}: {seeds}"
        for seeds in sorted(titles, reverse=True)
        if seeds != usual
    ]
    return "; ".join([f"Seeds of each method: {usual}", *others]) + "."


def of_boards(studies: Sequence[Study], boards: Sequence[Leaderboard]) -> list[Study]:
    """The studies that chose the settings of entries, or could have, in the boards' order.

    Args:
        studies: of one benchmark.
        boards: its leaderboards.
    """
    return [
        study
        for board in boards
        for study in studies
        if study.scenario == board.scenario
        and (study.method, study.norm) in {(entry.baseline, entry.norm) for entry in board.entries}
    ]
