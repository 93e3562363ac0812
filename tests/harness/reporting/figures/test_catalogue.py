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
from harness.reporting.figures.style import STYLE
from harness.storage.store import Results
from harness.storage.studies import Study, Trial, TrialRun

LABELLED = ["curves", "matrices", "forgetting", "masks", "overlap", "cost"]
UNLABELLED = ["curves", "matrices", "forgetting", "switches", "old_new", "responses", "cost"]


def test_names_of_files_are_unique_and_captions_are_sentences() -> None:
    assert len({kind.name for kind in FIGURES}) == len(FIGURES)
    for kind in FIGURES:
        assert kind.caption[0].isupper()
        assert kind.caption.endswith(".")


def test_what_was_measured_is_drawn_in_the_order_of_the_pages(
    found: Results, board: Leaderboard, tmp_path: Path
) -> None:
    style = dict(mpl.rcParams)
    figures = draw(found.rows, board, [], tmp_path)
    assert dict(mpl.rcParams) == style
    paths = [tmp_path / f"{name}.pdf" for name in LABELLED]
    assert [figure.path for figure in figures] == paths
    assert {figure.section for figure in figures} == {"task-il"}
    captions = {kind.name: kind.caption for kind in FIGURES}
    assert [figure.caption for figure in figures] == [captions[name] for name in LABELLED]
    assert all(figure.path.read_bytes().startswith(b"%PDF") for figure in figures)


def test_streams_without_labels_have_figures_of_their_own(
    unlabelled: tuple[Results, Leaderboard], tmp_path: Path
) -> None:
    found, board = unlabelled
    names = [figure.path.stem for figure in draw(found.rows, board, [], tmp_path)]
    assert names == UNLABELLED


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
    stems = [figure.path.stem for figure in draw(found.rows, board, others, tmp_path)]
    assert stems == LABELLED
    mine = [*others, study("task-il", "per-task", "rmn")]
    stems = [figure.path.stem for figure in draw(found.rows, board, mine, tmp_path)]
    assert stems == [*LABELLED, "searches"]


def test_another_normalisation_has_but_what_was_tried(
    found: Results, board: Leaderboard, tmp_path: Path
) -> None:
    none = replace(board, factors={"training.norm": "none"})
    tried = [study("task-il", "per-task", "naive")]
    [figure] = draw(found.rows, none, tried, tmp_path)
    assert figure.path.stem == "searches"
    assert figure.section == "task-il, robustness: no normalisation"


def test_only_where_no_identity_is_given_is_it_drawn_what_was_inferred(
    class_il: tuple[Results, Leaderboard], tmp_path: Path
) -> None:
    found, board = class_il
    stems = [figure.path.stem for figure in draw(found.rows, board, [], tmp_path)]
    assert stems == [*LABELLED[:-1], "confusion", LABELLED[-1]]


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
