"""The figures of the paper, made from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from harness.analysis.claims.cells import QuotedCell
from harness.analysis.claims.evidence import NO_PENALTY, Evidence, command
from harness.analysis.claims.verdict import estimate
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of
from harness.reporting.answer import SUBJECTS
from harness.reporting.figures import accuracy, inference, masks
from harness.reporting.figures.files import save
from harness.reporting.figures.style import FULL, STYLE, colour, grid, literal, mark
from harness.reporting.model import ANSWER, Figure

_ROW: Final = 0.13
"""Inches of a row."""

_BESIDE: Final = 0.12
"""Tasks from one quoted number to the next."""


@dataclass(frozen=True, slots=True)
class PaperFigure:
    """A figure of the paper.

    Attributes:
        name: of its file, and of its section.
        title: as the paper numbers it.
        caption: what ours shows.
        paper: what the paper's shows.
        command: what to type to measure it.
    """

    name: str
    title: str
    caption: str
    paper: str
    command: str


def paper_figures(evidence: Evidence) -> list[PaperFigure]:
    """Those that a report has, drawn or not.

    Args:
        evidence: whose profile it is.
    """
    return [
        PaperFigure(
            "figure-1",
            "Figure 1. CIFAR-100, 10 tasks",
            "Average accuracy over the tasks learned so far, task-il, all methods: mean, 95 % "
            "band. Short bars after the last task: what the paper's Table 1 prints for methods.",
            "The paper's figure has no printed numbers; its last points are the column S-CIFAR100 "
            "of Table 1. Its scenario is not said; most methods there have a head for each task.",
            command(evidence, "split_cifar100", scenario=TASK_IL),
        ),
        PaperFigure(
            "figure-2",
            "Figure 2. Unsupervised task inference on P-MNIST",
            "Accuracy on each task's shuffled test data (rows) under the mask of each task "
            "(columns), mean over seeds, %: RMN without task labels, domain-il.",
            "The paper's figure has no printed numbers; its text says that the activation is "
            "largest “only when the correct relevance is used”.",
            command(evidence, "permuted_mnist_unsupervised", methods="rmn_unsupervised"),
        ),
        PaperFigure(
            "supplement-figure-1",
            "Supplement Figure 1. Use of the weights, CIFAR-100, 20 tasks, ResNet-18",
            "Share of the weights that the masks of all tasks so far keep together (lines) and "
            "that each task's mask keeps (dotted), without a penalty, task-il.",
            "The paper's figure has no printed numbers; its text says that use “evens out over "
            "time”, with no loss or regularization that constrains it.",
            command(
                evidence,
                "split_cifar100_20",
                scenario=TASK_IL,
                methods="rmn",
                settings=("rmn.l0_weight=0",),
            ),
        ),
    ]


def draw(
    evidence: Evidence, cells: Sequence[QuotedCell], folder: Path, endings: Sequence[str]
) -> list[Figure]:
    """Draw what there are data for.

    Args:
        evidence: what is stored.
        cells: the numbers of the paper's tables.
        folder: where the files go.
        endings: of the files.
    """
    folder.mkdir(exist_ok=True)
    drawn: list[Figure] = []
    captions = {one.name: f"{one.title}. {one.caption}" for one in paper_figures(evidence)}
    captions[ANSWER] = (
        "RMN's numbers in the paper's tables that were measured: ours with its 95 % interval "
        "(mark), and the paper's (vertical bar), ACC in %. A row is of one scenario."
    )
    makers: Mapping[str, Callable[[], Drawing | None]] = {
        ANSWER: lambda: beside_paper(evidence, cells),
        "figure-1": lambda: figure_1(evidence),
        "figure-2": lambda: figure_2(evidence),
        "supplement-figure-1": lambda: supplement_figure_1(evidence),
    }
    with mpl.rc_context(STYLE):
        for name, make in makers.items():
            if (drawing := make()) is not None:
                path = save(drawing, folder / ("numbers" if name == ANSWER else name), endings)
                narrow = bool(drawing.get_figwidth() < FULL)
                drawn.append(Figure(path, captions[name], name, narrow=narrow))
    return drawn


def beside_paper(evidence: Evidence, cells: Sequence[QuotedCell]) -> Drawing | None:
    """The numbers of RMN that were measured, each as a mark beside the paper's as a bar."""
    rows = []
    for cell in (one for one in cells if one.method in SUBJECTS):
        values = evidence.values(cell.benchmark, cell.scenario, cell.method, "acc")
        if len(values):
            rows.append((cell, estimate(values)))
    if not rows:
        return None
    figure, axes = grid(1, 1, height=0.5 + _ROW * len(rows))
    axis = axes[0][0]
    entries = {
        entry.baseline: entry
        for place in evidence.compared.values()
        for entry in place.board.entries
    }
    names = []
    for row, (cell, ours) in enumerate(rows):
        hue = colour(entries[cell.method])
        paper = float(cell.claim.paper.split()[0])
        axis.plot([paper, ours.mean], [row, row], color="0.8", lw=0.8, zorder=0)
        axis.plot(paper, row, "|", color="0.2", ms=8, mew=1.4)
        reach = [[ours.mean - ours.low], [min(ours.high, 100.0) - ours.mean]]
        axis.errorbar(
            ours.mean, row, xerr=None if ours.seeds == 1 else reach,
            fmt=mark(entries[cell.method]), color=hue, ms=4, capsize=1.5, lw=0.9,
        )  # fmt: skip
        names.append(literal(f"{cell.claim.statement}, {cell.scenario}"))
    axis.set_yticks(range(len(rows)), names)
    axis.set(ylim=(len(rows) - 0.4, -0.6), xlabel="ACC (%)")
    axis.grid(axis="x", lw=0.3, color="0.88")
    axis.tick_params(axis="y", length=0)
    return figure


def figure_1(evidence: Evidence) -> Drawing | None:
    """Accuracy over the tasks of Split-CIFAR-100, with what the paper prints at the last."""
    place = evidence.compared.get(("split_cifar100", TASK_IL))
    if place is None:
        return None
    figure = accuracy.curves(place.rows, place.board)
    last = BENCHMARKS["split_cifar100"].tasks
    quoted = [(one, text) for one in place.board.entries if (text := one.paper(TASK_IL))]
    for axis in figure.axes if figure else ():
        for number, (entry, text) in enumerate(quoted):
            beside = last + _BESIDE * (number + 1)  # three of them are within a point
            axis.plot(beside, float(text.split()[0]), "_", color=colour(entry), ms=5, mew=1.4)
    return figure


def figure_2(evidence: Evidence) -> Drawing | None:
    """Accuracy under each mask on Permuted-MNIST without task labels."""
    name = "permuted_mnist_unsupervised"
    place = evidence.compared.get((name, scenarios_of(BENCHMARKS[name])[-1]))
    return None if place is None else inference.responses(place.rows, place.board)


def supplement_figure_1(evidence: Evidence) -> Drawing | None:
    """Use of the weights by RMN without a penalty over 20 tasks of CIFAR-100."""
    place = evidence.compared.get(("split_cifar100_20", TASK_IL))
    entries = [
        entry
        for entry in (place.complete.entries if place else ())
        if entry.baseline == "rmn" and entry.overrides == NO_PENALTY
    ]
    if place is None or not entries:
        return None
    return masks.usage(place.rows, replace(place.complete, entries=entries))
