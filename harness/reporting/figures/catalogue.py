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
from harness.reporting.figures.style import STYLE
from harness.reporting.model import Figure
from harness.reporting.protocol import heading
from harness.storage.studies import Study


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure that reports may have.

    Attributes:
        name: of its file.
        draw: from the raw rows and the leaderboard of one comparison; None where there
            is nothing to draw.
        caption: what it shows.
        all_budgets: whether it shows runs of other numbers of epochs than the profile's own.
    """

    name: str
    draw: Callable[[pd.DataFrame, Leaderboard], Drawing | None]
    caption: str
    all_budgets: bool = False


FIGURES: Final = (
    FigureKind(
        "curves",
        accuracy.curves,
        "Average accuracy over the tasks learned so far, where all of them were tested: mean, 95 % "
        "band, every seed of up to 50 faint.",
    ),
    FigureKind(
        "budgets",
        accuracy.budgets,
        "Learning curves: average accuracy after the last task by epochs a task, mean and 95 % "
        "interval. Dotted: what the paper prints, from its own budget. All other figures show the "
        "profile's own number of epochs.",
        all_budgets=True,
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
        "Accuracy on each task (columns) after learning each task (rows), mean over seeds, %. "
        "Tasks not learned yet are dimmed.",
    ),
    FigureKind(
        "forgetting",
        accuracy.forgetting,
        "Forgetting: mean, 95 % interval and every seed (dots).",
    ),
    FigureKind(
        "masks",
        masks.masks,
        "Left: share of the weights that each task's mask keeps. Right: share of the weights that "
        "any mask has used so far.",
    ),
    FigureKind(
        "overlap",
        masks.overlap,
        "Intersection over union of the masks of two tasks, mean over seeds, %.",
    ),
    FigureKind(
        "confusion",
        inference.confusion,
        "Which task the test examples of each task were taken for, after the last task, mean over "
        "seeds, %.",
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
        "tasks, every seed of up to 50 faint. Dotted: a score that knows nothing.",
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
        "Accuracy against cost: seconds per run, and bytes that predictions need beyond one "
        "network.",
    ),
)


def draw(
    rows: pd.DataFrame, board: Leaderboard, studies: Sequence[Study], folder: Path
) -> list[Figure]:
    """Draw what there are data for, as PDF; the same data give the same bytes.

    A comparison of another normalisation, or of other outputs, has but what was tried of settings.

    Args:
        rows: raw measurements of one comparison (`harness.analysis.comparisons`).
        board: their leaderboard.
        studies: what was tried on the benchmark; those of other methods, scenarios and
            normalisations are left out.
        folder: where the files go; made if it is not there.
    """
    folder.mkdir(exist_ok=True)
    drawn: list[Figure] = []

    def keep(drawing: Drawing | None, name: str, caption: str) -> None:
        if drawing is not None:
            path = folder / f"{name}.pdf"
            drawing.savefig(path, metadata={"CreationDate": None})
            drawn.append(Figure(path, caption, heading(board)))

    own = accuracy.own_budget(board)
    with mpl.rc_context(STYLE):
        for kind in () if board.factors else FIGURES:
            drawing = kind.draw(rows, board if kind.all_budgets else own)
            keep(drawing, kind.name, kind.caption)
        keep(tuning.searches(_of_board(studies, board)), "searches", tuning.CAPTION)
    return drawn


def _of_board(studies: Sequence[Study], board: Leaderboard) -> list[Study]:
    """The studies that chose the settings of entries, or could have."""
    compared = {(entry.baseline, entry.norm) for entry in board.entries}
    mine = [study for study in studies if study.scenario == board.scenario]
    return [study for study in mine if (study.method, study.norm) in compared]
