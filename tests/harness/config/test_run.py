"""A run's id, which decides what counts as done, and how a run is printed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from harness.config.run import Run

RUN = Run(
    benchmark="split_mnist",
    scenario="task-il",
    baseline="ewc",
    settings={"ewc_lambda": 10.0},
    profile="smoke",
    training={"epochs": 1},
    seed=0,
    versions={"benchmark": 1, "baseline": 1, "rows": 1},
)


def test_id_is_the_hash_of_the_canonical_json() -> None:
    canonical = (
        '{"baseline":"ewc","benchmark":"split_mnist","profile":"smoke",'
        '"scenario":"task-il","seed":0,"settings":{"ewc_lambda":10.0},"training":{"epochs":1},'
        '"versions":{"baseline":1,"benchmark":1,"rows":1}}'
    )
    assert RUN.id == hashlib.sha256(canonical.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "change",
    [
        {"benchmark": "permuted_mnist"},
        {"scenario": "class-il"},
        {"baseline": "si"},
        {"settings": {"ewc_lambda": 11.0}},
        {"profile": "default"},
        {"training": {"epochs": 2}},
        {"training": {"epochs": 1, "norm": "none"}},
        {"training": {"epochs": 1, "outputs": "heads"}},
        {"seed": 1},
        {"versions": {"benchmark": 1, "baseline": 2, "rows": 1}},
    ],
    ids=str,
)
def test_whatever_decides_the_numbers_changes_the_id(change: dict[str, Any]) -> None:
    changed = replace(RUN, **change)
    assert changed.id != RUN.id
    assert changed != RUN


def test_neither_the_order_of_settings_nor_the_overrides_change_the_id() -> None:
    one = replace(RUN, settings={"a": 1, "b": 2})
    other = replace(RUN, settings={"b": 2, "a": 1}, overrides={"b": 2})
    assert one.id == other.id
    assert one == other


def test_overrides_are_printed_after_the_name() -> None:
    assert (RUN.setting, str(RUN)) == ("", "ewc seed 0")
    changed = replace(RUN, overrides={"ewc_lambda": 10.0, "training.decay": False}, seed=3)
    assert changed.setting == "ewc_lambda=10.0, training.decay=False"
    assert str(changed) == "ewc[ewc_lambda=10.0, training.decay=False] seed 3"
