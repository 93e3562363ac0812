"""Figures of accuracy: every curve, bar and panel against the numbers that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.leaderboard import Leaderboard, leaderboard
from harness.analysis.selection import select
from harness.reporting.figures.accuracy import (
    budgets,
    curves,
    epochs,
    matrices,
    when_learned,
)
from harness.reporting.figures.ranking import ranking
from harness.storage import store
from harness.storage.store import Results

SaveRun = Callable[..., Path]


def drawn(figure: Figure | None) -> Figure:
    assert figure is not None
    return figure


def read(root: Path) -> Comparison:
    """The runs of one scenario."""
    [comparison] = comparisons(select(store.read(root, "split_mnist", "default")))
    return comparison


def levels(found: Results, baseline: str) -> list[float]:
    """The accuracy at which each seed was made, in percent."""
    rows = found.rows
    last = rows[(rows["metric"] == "accuracy") & (rows["after"] == 5) & (rows["task"] == 1)]
    mine = last[(last["baseline"] == baseline) & (last["rule"] != "energy")]
    return [100 * value for value in mine["value"]]


def test_curves_are_means_over_tasks_and_then_over_seeds(
    found: Results, board: Leaderboard, class_il: tuple[Results, Leaderboard]
) -> None:
    for runs, compared in ((found, board), class_il):
        [axis] = drawn(curves(runs.rows, compared)).axes
        assert axis.get_title() == compared.scenario
        lines: dict[str, Any] = {str(line.get_label()): line for line in axis.get_lines()}
        for title, baseline in (("RMN", "rmn"), ("NAIVE", "naive")):
            mean = sum(levels(runs, baseline)) / 3
            assert lines[title].get_xdata().tolist() == [1, 2, 3, 4, 5]
            np.testing.assert_allclose(lines[title].get_ydata(), [mean] * 5)
        seeds = [line for title, line in lines.items() if title.startswith("_")]
        assert len(seeds) == len(lines) - 2


def test_the_band_is_the_interval_of_three_seeds(found: Results, board: Leaderboard) -> None:
    [axis] = drawn(curves(found.rows, board)).axes
    values = np.array(levels(found, board.entries[0].baseline))
    half = 4.302653 * values.std(ddof=1) / 3**0.5  # t(0.975, 2) from a printed table
    vertices = axis.collections[0].get_paths()[0].vertices
    heights = np.asarray(vertices)[:, 1]
    assert heights.min() == pytest.approx(values.mean() - half)
    assert heights.max() == pytest.approx(min(values.mean() + half, 100))


def test_bands_keep_to_accuracies_that_there_are(tmp_path: Path, save_run: SaveRun) -> None:
    for seed, level in ((0, 0.1), (1, 0.9)):
        save_run(tmp_path, "rmn", seed, level)
    found = read(tmp_path)
    [axis] = drawn(curves(found.results.rows, leaderboard(found))).axes
    (band,) = axis.collections
    heights = np.concatenate([np.asarray(path.vertices)[:, 1] for path in band.get_paths()])
    assert (heights.min(), heights.max()) == (0, 100)


def test_the_identity_given_at_test_alone_has_a_panel_of_its_own(
    unlabelled: tuple[Results, Leaderboard],
) -> None:
    runs, board = unlabelled
    titles = [axis.get_title() for axis in drawn(curves(runs.rows, board)).axes]
    assert titles == ["class-il", "task-il, identity given"]


def test_of_long_streams_each_task_is_drawn_when_it_was_learned(
    found: Results, board: Leaderboard
) -> None:
    """All tasks are tested after the last one only, so that there is no average to follow."""
    rows = found.rows
    assert when_learned(rows, board) is None
    newest = (rows["task"] == rows["after"]) | (rows["after"] == 5)
    assert curves(rows[newest], board) is None
    [axis] = drawn(when_learned(rows[newest], board)).axes
    lines: dict[str, Any] = {str(line.get_label()): line for line in axis.get_lines()}
    assert lines["RMN"].get_xdata().tolist() == [1, 2, 3, 4, 5]
    diagonal = rows[(rows["metric"] == "accuracy") & (rows["task"] == rows["after"])]
    mine = diagonal[diagonal["baseline"] == "rmn"].groupby("task")["value"].mean()
    np.testing.assert_allclose(lines["RMN"].get_ydata(), 100 * mine)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, save_run: SaveRun) -> Comparison:
    """One method with three budgets, another with one."""
    root = tmp_path_factory.mktemp("several")
    for seed, passes, level in ((0, 20, 0.9), (0, 1, 0.7), (1, 1, 0.8), (0, 5, 0.875)):
        save_run(root, "rmn", seed, level, passes)
    save_run(root, "naive", 0, 0.6)
    return read(root)


def test_a_learning_curve_joins_the_budgets_of_a_method(several: Comparison) -> None:
    [axis] = drawn(budgets(several.results.rows, leaderboard(several))).axes
    assert axis.get_title() == "task-il"
    curve, quoted = (np.asarray(line.get_xydata()) for line in axis.get_lines())
    np.testing.assert_allclose(curve, [(1, 75), (5, 87.5), (20, 90)])
    assert set(quoted[:, 1]) == {99.5}
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["1", "5", "20"]


def test_one_budget_makes_no_learning_curve(found: Results, board: Leaderboard) -> None:
    assert budgets(found.rows, board) is None


def test_accuracy_by_epoch_is_a_mean_over_tasks_and_seeds_within_their_range(
    found: Results, board: Leaderboard
) -> None:
    assert epochs(found.rows, board) is None
    first = found.rows[(found.rows["metric"] == "accuracy") & (found.rows["after"] == 1)]
    mine = first[first["baseline"] == "rmn"].groupby("seed").head(1)
    tables = [
        mine.assign(metric="epoch_accuracy", other=epoch, task=task, value=value)
        for (epoch, task), value in {(1, 1): 0.5, (1, 2): 0.7, (2, 1): 0.8, (2, 2): 0.9}.items()
    ]
    [axis] = drawn(epochs(pd.concat(tables), board)).axes
    [line] = axis.get_lines()
    assert line.get_label() == "RMN"
    np.testing.assert_allclose(np.asarray(line.get_xydata()), [(1, 60), (2, 85)])
    [band] = axis.collections
    [path] = band.get_paths()
    assert set(np.asarray(path.vertices)[:, 1].round().tolist()) == {50, 70, 80, 90}


def forgetful(found: Results) -> tuple[Results, Leaderboard]:
    """The same runs, but that RMN loses 0.1, 0.2 and 0.3 of its first task with the last one."""
    rows = found.rows.copy()
    first = (rows["metric"] == "accuracy") & (rows["after"] == 5) & (rows["task"] == 1)
    lost = first & (rows["baseline"] == "rmn")
    rows.loc[lost, "value"] -= 0.1 * (1 + rows.loc[lost, "seed"])
    changed = replace(found, rows=rows)
    return changed, leaderboard(Comparison("task-il", changed))


def test_matrices_are_of_the_methods_that_forget_and_blank_above(found: Results) -> None:
    changed, board = forgetful(found)
    figure = drawn(matrices(changed.rows, board))
    panels = [axis for axis in figure.axes if axis.axison]
    assert [axis.get_title() for axis in panels] == ["RMN"]  # Naive's accuracies do not change
    level = sum(levels(found, "rmn")) / 3
    expected = np.where(np.tri(5, dtype=bool), level, np.nan)
    expected[4, 0] -= 20
    shown: Any = panels[0].collections[0].get_array()
    np.testing.assert_allclose(np.ma.filled(shown, np.nan).reshape(5, 5), expected)


def test_nothing_learned_is_no_matrix(found: Results, board: Leaderboard) -> None:
    assert matrices(found.rows, replace(board, entries=[])) is None


def test_where_nothing_is_forgotten_there_is_nothing_to_draw(
    found: Results, board: Leaderboard
) -> None:
    assert matrices(found.rows, board) is None


def test_forgetting_stands_beside_accuracy_with_every_seed(
    found: Results, board: Leaderboard
) -> None:
    assert len(ranking([board]).axes) == 1  # nothing is forgotten
    _, forgotten = forgetful(found)
    acc, axis = ranking([forgotten]).axes
    assert [one.get_xlabel() for one in (acc, axis)] == ["ACC (%)", "Forgetting (%)"]
    names = [tick.get_text() for tick in acc.get_yticklabels()]
    bars: Any = axis.containers
    means = [one[0].get_xydata()[0] for one in bars]
    by_name = {names[int(row)]: mean for mean, row in means}
    assert by_name["RMN"] == pytest.approx(100 * 0.2 / 4)  # over four tasks
    assert by_name["NAIVE"] == pytest.approx(0)
    dots: list[Any] = [line for line in axis.get_lines() if line.get_marker() == "."]
    [seeds] = [one.get_xdata() for one in dots if int(one.get_ydata()[0]) == names.index("RMN")]
    np.testing.assert_allclose(sorted(seeds), [2.5, 5, 7.5])
