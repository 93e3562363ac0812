"""Streams without labels beside the same tasks with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.derivation import derive
from harness.analysis.labelled_counterparts import (
    labelled_counterpart,
    lost_without_labels,
    with_labels,
)
from harness.storage import store
from harness.storage.record import Record
from harness.storage.store import Results

Finish = Callable[..., tuple[Record, pd.DataFrame]]


def test_the_counterpart_has_the_same_budget() -> None:
    assert labelled_counterpart("split_mnist_unsupervised", "default") == (
        "split_mnist",
        "constant",
    )
    assert labelled_counterpart("split_mnist", "default") is None
    assert labelled_counterpart("of_another_package", "default") is None
    assert labelled_counterpart("split_mnist_unsupervised", "mine") is None


def test_it_is_read_from_the_same_folder(tmp_path: Path, finish: Finish) -> None:
    made = finish(profile="constant")
    store.save(tmp_path, *made)
    found = with_labels(tmp_path, "split_mnist_unsupervised", "default")
    assert found is not None
    assert found.records == [made[0]]
    assert with_labels(tmp_path, "split_mnist", "default") is None


def _lost(finish: Finish, there: dict[str, object], counterpart: str = "") -> list[float]:
    record, rows = finish(benchmark="split_mnist_unsupervised")
    record = replace(record, method=replace(record.method, counterpart=counterpart))
    labelled, labelled_rows = finish(**there)
    values = labelled_rows["value"]
    better = values.where(labelled_rows["metric"] != "accuracy", values + 0.1)
    lost = lost_without_labels(
        Results([record], rows),
        derive(rows),
        Results([labelled], labelled_rows.assign(value=better)),
    )
    assert set(lost["run_id"]) <= {record.run.id}
    return [round(value, 6) for value in lost["value"]]


def test_a_method_is_held_against_itself_with_equal_budget_and_settings(finish: Finish) -> None:
    assert _lost(finish, {}) == [0.1] * 3
    assert _lost(finish, {"settings": {"spread": 0.2, "decay": None}}) == []
    assert _lost(finish, {"training": {"epochs": 2, "norm": "shared", "outputs": "own"}}) == []
    assert _lost(finish, {"training": {"epochs": 1, "norm": "none", "outputs": "own"}}) == []
    assert _lost(finish, {"seed": 1}) == []


@pytest.mark.parametrize(("counterpart", "found"), [("hat", [0.1] * 3), ("", [])])
def test_a_method_is_held_against_the_counterpart_that_it_declares(
    finish: Finish, counterpart: str, found: list[float]
) -> None:
    there: dict[str, object] = {"baseline": "hat", "settings": {"other": 1}}
    assert _lost(finish, there, counterpart) == found
