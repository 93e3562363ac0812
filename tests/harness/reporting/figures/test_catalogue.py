"""Every figure of a report: drawn where there is something to draw, and whole."""

from __future__ import annotations

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
    figures = draw(found.rows, board, tmp_path)
    assert dict(mpl.rcParams) == style
    paths = [tmp_path / f"task-il-{name}.pdf" for name in LABELLED]
    assert [figure.path for figure in figures] == paths
    assert {figure.section for figure in figures} == {"task-il"}
    captions = {kind.name: kind.caption for kind in FIGURES}
    assert [figure.caption for figure in figures] == [captions[name] for name in LABELLED]
    assert all(figure.path.read_bytes().startswith(b"%PDF") for figure in figures)


def test_streams_without_labels_have_figures_of_their_own(
    unlabelled: tuple[Results, Leaderboard], tmp_path: Path
) -> None:
    found, board = unlabelled
    names = [figure.path.stem for figure in draw(found.rows, board, tmp_path)]
    assert names == [f"class-il-{name}" for name in UNLABELLED]


def test_only_where_no_identity_is_given_is_it_drawn_what_was_inferred(
    class_il: tuple[Results, Leaderboard], tmp_path: Path
) -> None:
    found, board = class_il
    stems = [figure.path.stem for figure in draw(found.rows, board, tmp_path)]
    assert stems == [f"class-il-{name}" for name in [*LABELLED[:-1], "confusion", LABELLED[-1]]]


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
