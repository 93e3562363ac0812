"""The leaderboard: columns, cells, order, marks and learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from harness.analysis.columns import (
    BYTES,
    IDENTITY_GIVEN,
    SECONDS,
    Column,
    cells_of,
)
from harness.analysis.comparisons import Comparison, comparisons
from harness.analysis.leaderboard import (
    Leaderboard,
    NoFinishedRunError,
    leaderboard,
    of_entry,
    rows_of,
)
from harness.analysis.metrics.definition import Section
from harness.analysis.published import paper
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.storage.record import Record
from harness.storage.schema import CLASSES_SEEN
from harness.storage.store import Results

Made = tuple[Record, pd.DataFrame]
Finish = Callable[..., Made]

ACC = Column("acc", CLASS_IL)
GIVEN = Column("acc", TASK_IL, IDENTITY_GIVEN)


def results(made: Sequence[Made]) -> Results:
    return Results(
        [record for record, _ in made], pd.concat([rows for _, rows in made], ignore_index=True)
    )


def compared(made: Sequence[Made]) -> Leaderboard:
    """The leaderboard of runs that make one comparison."""
    [comparison] = comparisons(results(made))
    return leaderboard(comparison)


def constant(level: float) -> np.ndarray:
    return np.full((3, 2), level)


def test_only_columns_with_a_number_are_shown(finish: Finish) -> None:
    board = compared([finish()])
    assert board.accuracies == (ACC, GIVEN)
    assert board.columns(Section.COSTS) == (SECONDS,)
    assert compared([finish(scenario=TASK_IL)]).accuracies == (Column("acc", TASK_IL),)
    record, rows = finish(scenario=TASK_IL)
    untested = (rows["after"] == 1) & (rows["task"] == 2) & (rows["metric"] == "accuracy")
    board = compared([(record, rows[~untested])])
    assert "fwt" not in {column.metric for column in board.columns(Section.TRANSFER)}


def test_the_best_method_is_first_and_marked(finish: Finish) -> None:
    made = [finish(constant(0.6 + seed / 100), baseline="naive", seed=seed) for seed in range(3)]
    made += [finish(constant(0.9 + seed / 100), seed=seed) for seed in range(3)]
    board = compared(made)
    assert (board.benchmark, board.profile, board.scenario) == ("split_mnist", "smoke", CLASS_IL)
    assert [entry.baseline for entry in board.entries] == ["rmn", "naive"]
    assert [entry.cells[ACC].best for entry in board.entries] == [True, False]
    first = board.entries[0]
    assert first.cells[ACC].mean == pytest.approx(0.91 / 2)
    assert first.cells[GIVEN].mean == pytest.approx(0.91)
    assert (first.seeds, first.rule, first.title) == (3, "max-logit", "RMN")
    assert (first.norm, first.outputs) == ("shared", "own")
    assert first.cells[SECONDS].mean == 2
    assert not any(entry.cells[SECONDS].best for entry in board.entries)  # machines differ
    assert np.isnan(first.cells[BYTES].mean)
    assert set(of_entry(board.derived, first)["baseline"]) == {"rmn"}


def test_less_forgetting_is_better(finish: Finish) -> None:
    forgets = np.array([[0.5, 0.5], [0.9, 0.5], [0.1, 0.9]])
    made = [finish(forgets, baseline="naive", seed=seed) for seed in range(3)]
    made += [finish(constant(0.5), seed=seed) for seed in range(3)]
    board = compared(made)
    best = {e.baseline: e.cells[board.column("forgetting")].best for e in board.entries}
    assert best == {"naive": False, "rmn": True}


def test_an_interval_beyond_the_scale_marks_nothing_as_best(finish: Finish) -> None:
    made = [finish(constant(level), seed=seed) for seed, level in enumerate((0.0, 0.01, 1.0))]
    [entry] = compared(made).entries
    assert entry.cells[GIVEN].seeds == 3
    assert not entry.cells[GIVEN].best
    assert entry.text(GIVEN) == "33.67 (n=3)"


def test_what_was_not_measured_comes_last(finish: Finish) -> None:
    record, rows = finish(constant(0.9))
    lacking = rows[~((rows["after"] == 2) & (rows["task"] == 2) & (rows["metric"] == "accuracy"))]
    board = compared([(record, lacking), finish(constant(0.1), baseline="naive")])
    assert [entry.baseline for entry in board.entries] == ["naive", "rmn"]


def test_every_rule_is_derived_and_the_default_one_shown(finish: Finish) -> None:
    board = compared([finish(rule="entropy")])
    assert set(board.derived["rule"]) == {"", "entropy", "energy"}
    assert set(board.shown["rule"]) == {"", "entropy"}
    cells = cells_of(board.shown, [ACC])
    assert cells["rmn", ""][ACC].mean == pytest.approx(0.375)


def test_entries_that_differ_in_epochs_alone_share_a_learning_curve(finish: Finish) -> None:
    made = []
    for spread, epochs in ((0.1, 1), (0.1, 5), (0.2, 5), (0.2, 1)):
        overrides = {"spread": spread} if spread != 0.1 else {}
        overrides |= {"training.epochs": epochs} if epochs != 1 else {}
        settings, training = {"spread": spread}, {"epochs": epochs}
        made.append(finish(settings=settings, training=training, overrides=overrides))
    board = compared(made)
    assert {(entry.title, entry.curve, entry.epochs) for entry in board.entries} == {
        ("RMN", "RMN", 1),
        ("RMN (training.epochs=5)", "RMN", 5),
        ("RMN (spread=0.2, training.epochs=5)", "RMN (spread=0.2)", 5),
        ("RMN (spread=0.2)", "RMN (spread=0.2)", 1),
    }


def test_the_papers_number_stands_in_its_own_scenario(finish: Finish) -> None:
    [entry] = compared([finish(baseline="hat")]).entries
    assert entry.quoted == paper("split_mnist", "hat")
    assert (entry.paper("task-il"), entry.paper("class-il")) == ("99", "")
    [other] = compared([finish(baseline="naive")]).entries
    assert other.paper("task-il") == ""


def test_without_finished_runs_there_is_nothing_to_compare(finish: Finish) -> None:
    record, rows = finish()
    failed = replace(record, status="failed", error="ValueError: no")
    for records in ([], [failed]):
        with pytest.raises(NoFinishedRunError):
            leaderboard(Comparison(CLASS_IL, Results(records, rows.iloc[:0])))


def test_diverged_seeds_are_counted_and_in_no_mean(finish: Finish) -> None:
    record, rows = finish(seed=0)
    lost = [
        replace(record, run=replace(record.run, seed=seed), status="diverged", error="not finite")
        for seed in (1, 2)
    ]
    other = replace(lost[0], run=replace(lost[0].run, overrides={"spread": 9.0}))
    board = leaderboard(Comparison(CLASS_IL, Results([record, *lost, other], rows)))
    assert [entry.seeds for entry in board.entries] == [1]
    assert board.diverged == {"RMN": 2, "RMN (spread=9.0)": 1}


def test_the_normalisation_of_all_entries_is_in_no_title(finish: Finish) -> None:
    overrides = {"training.norm": "none", "spread": 0.1}
    training = {"epochs": 1, "norm": "none", "outputs": "own"}
    board = compared([finish(baseline="hat", overrides=overrides, training=training)])
    [entry] = board.entries
    assert board.factors == {"training.norm": "none"}
    assert (entry.title, entry.curve) == ("HAT (spread=0.1)", "HAT (spread=0.1)")
    assert entry.setting == "training.norm=none, spread=0.1"
    assert entry.quoted is None  # the paper's number is of another network


def test_rows_of_a_method_are_under_its_rule_where_the_task_is_not_given(finish: Finish) -> None:
    made = [finish(), finish(baseline="naive", rule=CLASSES_SEEN)]
    rows, board = results(made).rows, compared(made)
    for entry in board.entries:
        given, named = (rows_of(rows, entry, scenario) for scenario in (TASK_IL, CLASS_IL))
        assert set(given["rule"]) == {""}
        rule = "max-logit" if entry.baseline == "rmn" else CLASSES_SEEN
        assert set(named["rule"]) == {rule}  # "energy" was measured as well
        assert set(named["baseline"]) == {entry.baseline}


def test_a_column_has_the_rows_of_its_metric_and_scenario(finish: Finish) -> None:
    board = compared([finish()])
    assert ACC.of(board.shown)["value"].tolist() == [pytest.approx(0.375)]  # half of 0.7 and 0.8
    assert GIVEN.of(board.shown)["value"].tolist() == [pytest.approx(0.75)]
    assert SECONDS.of(board.shown)["value"].tolist() == [2.0]
    assert (ACC.asked, GIVEN.asked) == ("class-il", "task-il, identity given")
