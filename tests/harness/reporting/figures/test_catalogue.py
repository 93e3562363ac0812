"""Every figure of a report: drawn where there is something to draw, and whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from harness.analysis.leaderboard import Leaderboard
from harness.reporting.figures.catalogue import FIGURES, FigureKind, draw
from harness.reporting.figures.ranking import ranking
from harness.reporting.figures.style import STYLE
from harness.reporting.model import ANSWER, TUNING
from harness.storage.store import Results
from harness.storage.studies import Study, Trial, TrialRun

RANKING = ["ranking"]
LABELLED = ["task-il-curves", "task-il-overlap", "task-il-usage"]
UNLABELLED = [
    f"class-il-{name}" for name in ("curves", "switches", "old_new", "responses")
]  # fmt: skip


def test_names_of_files_are_unique_and_captions_are_sentences() -> None:
    assert len({kind.name for kind in FIGURES}) == len(FIGURES)
    for kind in FIGURES:
        assert kind.caption[0].isupper()
        assert kind.caption.endswith(".")


def stems(found: Results, board: Leaderboard, tried: list[Study], folder: Path) -> list[str]:
    return [one.path.stem for one in draw([(found.rows, board)], [], tried, folder, ["pdf"])]


def test_what_was_measured_is_drawn_in_the_order_of_the_pages(
    found: Results, board: Leaderboard, tmp_path: Path
) -> None:
    style = dict(mpl.rcParams)
    figures = draw([(found.rows, board)], [], [], tmp_path, ["pdf"])
    assert dict(mpl.rcParams) == style
    paths = [tmp_path / f"{name}.pdf" for name in RANKING + LABELLED]
    assert [figure.path for figure in figures] == paths
    assert [figure.section for figure in figures] == [ANSWER, *["task-il"] * 3]
    assert [figure.narrow for figure in figures] == [False, True, True, True]
    seeds = "Seeds of each method: 3."
    captions = {f"task-il-{kind.name}": f"task-il. {kind.caption} {seeds}" for kind in FIGURES}
    assert [figure.caption for figure in figures][1:] == [captions[name] for name in LABELLED]
    assert all(figure.path.read_bytes().startswith(b"%PDF") for figure in figures)


def test_each_ending_is_a_file_and_the_same_data_give_the_same_bytes(
    found: Results, board: Leaderboard, tmp_path: Path
) -> None:
    endings = ("pdf", "svg", "png")
    for name in "ab":
        draw([(found.rows, board)], [], [], tmp_path / name, endings)
    made = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert made == sorted(f"{one}.{end}" for one in RANKING + LABELLED for end in endings)
    for name in made:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "ranking.svg").read_text().lstrip().startswith("<?xml")


def test_streams_without_labels_have_figures_of_their_own(
    unlabelled: tuple[Results, Leaderboard], tmp_path: Path
) -> None:
    found, board = unlabelled
    assert stems(found, board, [], tmp_path) == RANKING + UNLABELLED


def study(scenario: str, norm: str, method: str) -> Study:
    runs = (TrialRun("a", 10_000, (0.5,)),)
    space = {"x": {"low": 0.1, "high": 10.0}}
    trials = (Trial(0, {"x": 1.0}, runs),)
    return Study("split_mnist", scenario, norm, method, {}, space, {}, trials, chosen=0)


def test_what_was_tried_is_drawn_for_the_methods_of_the_comparison(
    found: Results, board: Leaderboard, tmp_path: Path
) -> None:
    others = [
        study("class-il", "per-task", "rmn"),
        study("task-il", "none", "rmn"),
        study("task-il", "per-task", "hat"),
    ]
    assert stems(found, board, others, tmp_path) == RANKING + LABELLED
    mine = [*others, study("task-il", "per-task", "rmn")]
    assert stems(found, board, mine, tmp_path) == [*RANKING, *LABELLED, "searches"]


def test_another_normalisation_has_but_what_was_tried(
    found: Results, board: Leaderboard, tmp_path: Path
) -> None:
    none = replace(board, factors={"training.norm": "none"})
    tried = [study("task-il", "per-task", "naive")]
    [figure] = draw([(found.rows, none)], [], tried, tmp_path, ["pdf"])
    assert (figure.path.stem, figure.section) == ("searches", TUNING)


def test_only_where_no_identity_is_given_is_it_drawn_what_was_inferred(
    class_il: tuple[Results, Leaderboard], tmp_path: Path
) -> None:
    found, board = class_il
    names = [name.replace("task-il", "class-il") for name in LABELLED]
    assert stems(found, board, [], tmp_path) == [*RANKING, *names, "class-il-confusion"]


def test_scenarios_share_the_first_figure_with_a_panel_each(boards: list[Leaderboard]) -> None:
    panels = ranking(boards).axes
    assert [axis.get_title() for axis in panels] == ["task-il", "class-il"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["RMN", "NAIVE"]
    for axis, board in zip(panels, boards, strict=True):
        bars: list[Any] = [line for line in axis.get_lines() if line.get_marker() == "|"]
        assert {float(line.get_xdata()[0]) for line in bars} >= {99.5}  # RMN's, in both
        means = [entry.cells[board.column("acc")].mean * 100 for entry in board.entries]
        centres = [float(one[0].get_xdata()[0]) for one in axis.containers]
        assert centres == pytest.approx(means)


@pytest.mark.parametrize("kind", FIGURES, ids=lambda kind: kind.name)
def test_nothing_is_drawn_beyond_the_edge(
    kind: FigureKind,
    found: Results,
    board: Leaderboard,
    class_il: tuple[Results, Leaderboard],
    unlabelled: tuple[Results, Leaderboard],
) -> None:
    for results, compared in ((found, board), class_il, unlabelled):
        with mpl.rc_context(STYLE):
            figure = kind.draw(results.rows, compared)
            if figure is None:
                continue
            canvas: Any = FigureCanvasAgg(figure)
            canvas.draw()
            drawn = figure.get_tightbbox(canvas.get_renderer())
        assert min(drawn.min) > 0
        assert (np.asarray(drawn.max) < figure.get_size_inches()).all()
