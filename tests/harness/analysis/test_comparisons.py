"""What may stand in one table: runs of one scenario, normalisation, outputs and class order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from harness.analysis.comparisons import comparisons
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, TASK_IL
from harness.storage.record import Record
from harness.storage.store import Results

Made = tuple[Record, pd.DataFrame]
Finish = Callable[..., Made]


def results(made: Sequence[Made]) -> Results:
    rows = [rows for record, rows in made if record.status == "finished"]
    return Results([record for record, _ in made], pd.concat(rows, ignore_index=True))


def test_scenarios_are_compared_apart_and_in_their_order(finish: Finish) -> None:
    order = (CLASS_IL, TASK_IL, DOMAIN_IL)
    made = [finish(scenario=scenario, seed=seed) for scenario in order for seed in (0, 1)]
    found = comparisons(results(made))
    assert [one.scenario for one in found] == [TASK_IL, DOMAIN_IL, CLASS_IL]
    for one in found:
        assert {record.run.scenario for record in one.results.records} == {one.scenario}
        assert set(one.results.rows["run_id"]) == {record.run.id for record in one.results.records}
        assert len(one.results.records) == 2


def test_another_normalisation_outputs_or_class_order_are_compared_apart_and_later(
    finish: Finish,
) -> None:
    none = {"training.norm": "none"}
    heads = {"training.outputs": "heads"}
    order = {"training.class_order": "seed"}
    asked: list[dict[str, Any]] = [none | heads, none, {}, heads, {"training.epochs": 20}, order]
    made = [finish(overrides=one, training={"number": n}) for n, one in enumerate(asked)]
    found = comparisons(results(made))
    assert [dict(one.factors) for one in found] == [{}, none, heads, order, none | heads]
    assert [len(one.results.records) for one in found] == [2, 1, 1, 1, 1]


def test_what_never_finished_is_no_comparison_but_stands_beside_what_did(finish: Finish) -> None:
    first, second = finish(), finish(seed=1)
    failed = (replace(second[0], status="failed", error="ValueError: no"), second[1])
    other, rows = finish(scenario=TASK_IL)
    lost = (replace(other, status="failed", error="ValueError: no"), rows)
    [found] = comparisons(results([first, failed, lost]))
    assert found.results.records == [first[0], failed[0]]
    assert comparisons(Results([lost[0]], rows.iloc[:0])) == []
