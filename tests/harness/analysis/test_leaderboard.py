"""The leaderboard: columns, cells, order, marks and learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_TASK_IL,
    BYTES,
    FORGETTING,
    INFERENCE,
    LEADERBOARD,
    SECONDS,
    Cell,
    Column,
    NoFinishedRunError,
    cells_of,
    columns_of,
    leaderboard,
    of_entry,
)
from harness.analysis.metrics.definition import Section
from harness.analysis.published import paper
from harness.storage.record import Record
from harness.storage.store import Results

Made = tuple[Record, pd.DataFrame]
Finish = Callable[..., Made]


def results(made: Sequence[Made]) -> Results:
    return Results(
        [record for record, _ in made], pd.concat([rows for _, rows in made], ignore_index=True)
    )


def constant(level: float) -> np.ndarray:
    return np.full((3, 2), level)


def test_columns_follow_from_the_metrics() -> None:
    assert [column.title for column in columns_of(*LEADERBOARD)] == [
        "ACC task-aware",
        "ACC task-agnostic",
        "Task inference",
        "Forgetting task-aware",
        "BWT task-aware",
        "FWT task-aware",
        "Learning acc. task-aware",
        "AIA task-aware",
        "Mask density",
        "Weights used",
        "Extra bytes",
        "Stored examples",
        "Seconds",
    ]
    assert {ACC_TASK_IL, ACC_AGNOSTIC, INFERENCE, FORGETTING, BYTES, SECONDS} <= set(
        columns_of(*LEADERBOARD)
    )
    assert columns_of(Section.DEGRADATION) == (
        Column("degradation", "task-il"),
        Column("degradation", "task-agnostic"),
    )


@pytest.mark.parametrize(
    ("mean", "half_width", "percent", "text"),
    [
        (0.98765, np.nan, True, "98.77"),
        (-0.00001, 0.0002, True, "0.00 ± 0.02"),
        (np.nan, np.nan, True, "–"),
        (4.0, 0.0, False, "4"),
        (12.34, 1.26, False, "12.3 ± 1.3"),
        (800_004.0, np.nan, False, "800,004"),
    ],
)
def test_numbers_as_printed(mean: float, half_width: float, percent: bool, text: str) -> None:
    assert Cell(mean, half_width).text(percent) == text


def test_shares_are_printed_in_percent_and_counts_as_they_are() -> None:
    assert ACC_TASK_IL.text(Cell(0.5, np.nan)) == "50.00"
    assert SECONDS.text(Cell(0.5, np.nan)) == "0.5"


def test_the_best_method_is_first_and_marked(finish: Finish) -> None:
    made = [finish(constant(0.6 + seed / 100), baseline="naive", seed=seed) for seed in range(3)]
    made += [finish(constant(0.9 + seed / 100), seed=seed) for seed in range(3)]
    board = leaderboard(results(made))
    assert (board.benchmark, board.profile) == ("split_mnist", "smoke")
    assert [entry.baseline for entry in board.entries] == ["rmn", "naive"]
    assert [entry.cells[ACC_TASK_IL].best for entry in board.entries] == [True, False]
    first = board.entries[0]
    assert first.cells[ACC_TASK_IL].mean == pytest.approx(0.91)
    assert first.cells[ACC_AGNOSTIC].mean == pytest.approx(0.91 / 2)
    assert (first.seeds, first.rule, first.title) == (3, "max-logit", "RMN")
    assert first.cells[SECONDS].mean == 2
    assert not any(entry.cells[SECONDS].best for entry in board.entries)  # machines differ
    assert np.isnan(first.cells[BYTES].mean)
    assert set(of_entry(board.derived, first)["baseline"]) == {"rmn"}


def test_less_forgetting_is_better(finish: Finish) -> None:
    forgets = np.array([[0.5, 0.5], [0.9, 0.5], [0.1, 0.9]])
    made = [finish(forgets, baseline="naive", seed=seed) for seed in range(2)]
    made += [finish(constant(0.5), seed=seed) for seed in range(2)]
    best = {e.baseline: e.cells[FORGETTING].best for e in leaderboard(results(made)).entries}
    assert best == {"naive": False, "rmn": True}


def test_every_rule_is_derived_and_the_default_one_shown(finish: Finish) -> None:
    board = leaderboard(results([finish(rule="entropy")]))
    assert set(board.derived["rule"]) == {"", "entropy", "energy"}
    assert set(board.shown["rule"]) == {"", "entropy"}
    cells = cells_of(board.shown, [ACC_AGNOSTIC])
    assert cells["rmn", ""][ACC_AGNOSTIC].mean == pytest.approx(0.375)


def test_entries_that_differ_in_epochs_alone_share_a_learning_curve(finish: Finish) -> None:
    made = []
    for spread, epochs in ((0.1, 1), (0.1, 5), (0.2, 5), (0.2, 1)):
        overrides = {"spread": spread} if spread != 0.1 else {}
        overrides |= {"training.epochs": epochs} if epochs != 1 else {}
        settings, training = {"spread": spread}, {"epochs": epochs}
        made.append(finish(settings=settings, training=training, overrides=overrides))
    board = leaderboard(results(made))
    assert {(entry.title, entry.curve, entry.epochs) for entry in board.entries} == {
        ("RMN", "RMN", 1),
        ("RMN (training.epochs=5)", "RMN", 5),
        ("RMN (spread=0.2, training.epochs=5)", "RMN (spread=0.2)", 5),
        ("RMN (spread=0.2)", "RMN (spread=0.2)", 1),
    }


def test_the_papers_number_stands_in_its_own_scenario(finish: Finish) -> None:
    [entry] = leaderboard(results([finish(baseline="hat")])).entries
    assert entry.quoted == paper("split_mnist", "hat")
    assert (entry.paper("task-il"), entry.paper("task-agnostic")) == ("99", "")
    [other] = leaderboard(results([finish(baseline="naive")])).entries
    assert other.paper("task-il") == ""


def test_without_finished_runs_there_is_nothing_to_compare(finish: Finish) -> None:
    record, rows = finish()
    failed = replace(record, status="failed", error="ValueError: no")
    for records in ([], [failed]):
        with pytest.raises(NoFinishedRunError):
            leaderboard(Results(records, rows.iloc[:0]))


def test_diverged_seeds_are_counted_and_in_no_mean(finish: Finish) -> None:
    record, rows = finish(seed=0)
    lost = [
        replace(record, run=replace(record.run, seed=seed), status="diverged", error="not finite")
        for seed in (1, 2)
    ]
    other = replace(lost[0], run=replace(lost[0].run, overrides={"spread": 9.0}))
    board = leaderboard(Results([record, *lost, other], rows))
    assert [entry.seeds for entry in board.entries] == [1]
    assert board.diverged == {"RMN": 2, "RMN (spread=9.0)": 1}
