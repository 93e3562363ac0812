"""The leaderboard of made-up results: numbers as printed, the best, and the worth of labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.analysis.leaderboard import ACC_AWARE, Cell, leaderboard
from harness.analysis.published import paper
from harness.analysis.selection import select
from harness.storage import store
from harness.storage.store import Results


def read(root: Path) -> Results:
    return select(store.read(root, "split_mnist", "default"))


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


def test_the_best_method_is_first_and_marked(results: Path) -> None:
    board = leaderboard(read(results))
    assert [entry.baseline for entry in board.entries] == ["rmn", "naive"]
    assert [entry.cells[ACC_AWARE].best for entry in board.entries] == [True, False]
    assert board.entries[0].seeds == 3


def test_the_papers_number_stands_in_its_own_regime(results: Path) -> None:
    hat = replace(leaderboard(read(results)).entries[0], quoted=paper("split_mnist", "hat"))
    assert (hat.paper("task-aware"), hat.paper("task-agnostic")) == ("99", "")


def test_what_labels_are_worth_is_measured_with_equal_budgets_and_settings(results: Path) -> None:
    found = read(results)

    def lost(**changes: Any) -> dict[str, float]:
        """Degradation if the same runs had been made with labels, but for some changes."""
        changed = [replace(one, run=replace(one.run, **changes)) for one in found.records]
        ids = {one.run.id: other.run.id for one, other in zip(found.records, changed, strict=True)}
        rows = found.rows.assign(
            run_id=found.rows["run_id"].map(ids),
            value=found.rows["value"].where(found.rows["metric"] != "accuracy", 1.0),
        )
        board = leaderboard(found, Results(changed, rows))
        values = board.derived[board.derived["metric"] == "degradation"]
        means = values[values["regime"] == "task-aware"].groupby("baseline")["value"].mean()
        return {str(name): float(value) for name, value in means.items()}

    assert lost(versions={"rows": 2})["naive"] == pytest.approx(0.4, abs=0.03)
    assert lost(settings={"x": 2.0}) == {}
    training = found.records[0].run.training
    assert lost(training={**training, "decay": False}) == {}


def test_budgets_of_a_method_have_titles_of_their_own_and_one_curve(
    tmp_path: Path, save_run: Callable[..., Path]
) -> None:
    for epochs, level in ((20, 0.9), (1, 0.7), (5, 0.875)):
        save_run(tmp_path, "rmn", 0, level, epochs)
    entries = leaderboard(read(tmp_path)).entries
    assert {entry.curve for entry in entries} == {"RMN"}
    assert [entry.title for entry in entries] == [
        "RMN (training.epochs=20)",
        "RMN (training.epochs=5)",
        "RMN",
    ]
    assert [entry.epochs for entry in entries] == [20, 5, 1]
