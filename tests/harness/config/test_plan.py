"""From a request to runs, and the ids that decide what counts as done."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import part, plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.execution.scheduling import RunInProgress, Schedule

RUN = Run(
    benchmark="split_mnist",
    baseline="ewc",
    settings={"ewc_lambda": 10.0},
    profile="smoke",
    training={"epochs": 1},
    seed=0,
    versions={"benchmark": 1, "baseline": 1, "rows": 1},
)


def make_plan(seeds: int, **given: str) -> list[Run]:
    known = {"rmn": methods()["rmn"]}
    settings = {"rmn": resolve(known["rmn"], {}, given)}
    return plan(BENCHMARKS["split_mnist"], "smoke", known, settings, seeds, rows=3)


def test_plan_is_one_run_per_method_and_seed() -> None:
    runs = make_plan(3)
    assert [(run.baseline, run.seed) for run in runs] == [("rmn", 0), ("rmn", 1), ("rmn", 2)]
    assert len({run.id for run in runs}) == 3
    budget = {"epochs": 1, "batch_size": 128, "learning_rate": 0.002, "train_examples": 1024}
    assert budget.items() <= dict(runs[0].training).items()
    assert runs[0].versions == {"benchmark": 1, "baseline": methods()["rmn"].version, "rows": 3}


def test_more_seeds_keep_the_earlier_runs() -> None:
    assert make_plan(5)[:2] == make_plan(2)
    assert [run.id for run in make_plan(5)[:2]] == [run.id for run in make_plan(2)]


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_every_run_belongs_to_one_of_the_parts(parts: int) -> None:
    runs = make_plan(5)
    shares = [part(runs, number, parts) for number in range(1, parts + 1)]
    assert sorted(run.seed for share in shares for run in share) == [0, 1, 2, 3, 4]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_changed_setting_is_another_run_with_a_label() -> None:
    (changed,), (usual,) = make_plan(1, beta="60"), make_plan(1)
    assert changed.setting == "beta=60.0"
    assert usual.setting == ""
    assert changed.id != usual.id


def test_id_is_the_hash_of_the_canonical_json() -> None:
    canonical = (
        '{"baseline":"ewc","benchmark":"split_mnist","profile":"smoke","seed":0,'
        '"settings":{"ewc_lambda":10.0},"training":{"epochs":1},'
        '"versions":{"baseline":1,"benchmark":1,"rows":1}}'
    )
    assert RUN.id == hashlib.sha256(canonical.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "change",
    [
        {"benchmark": "permuted_mnist"},
        {"baseline": "si"},
        {"settings": {"ewc_lambda": 11.0}},
        {"profile": "default"},
        {"training": {"epochs": 2}},
        {"seed": 1},
        {"versions": {"benchmark": 1, "baseline": 2, "rows": 1}},
    ],
)
def test_whatever_decides_the_numbers_changes_the_id(change: dict[str, Any]) -> None:
    assert replace(RUN, **change).id != RUN.id


def test_label_does_not_change_the_id() -> None:
    assert replace(RUN, setting="ewc_lambda=10.0").id == RUN.id


def test_schedule_tries_every_method_then_takes_the_longest() -> None:
    runs = [replace(RUN, baseline=name, seed=seed) for name in ("ewc", "hat") for seed in (0, 1)]
    schedule = Schedule(runs)
    assert schedule.remaining([], 1) is None
    assert [schedule.next(), schedule.next()] == [runs[0], runs[2]]
    schedule.measured(runs[0], 10.0)
    schedule.measured(runs[2], 30.0)
    assert schedule.remaining([], 2) == 20.0  # (10 + 30) / 2
    assert schedule.next() == runs[3]
    alone = RunInProgress(runs[3], 5.0, 0.5)  # the long one, at the end
    assert schedule.remaining([alone], 2) == 25.0
    assert schedule.next() == runs[1]
    assert not schedule


def test_before_any_run_has_ended_the_rest_is_judged_by_those_under_way() -> None:
    runs = [replace(RUN, baseline=name, seed=0) for name in ("ewc", "hat", "si")]
    schedule = Schedule(runs)
    ewc, hat = schedule.next(), schedule.next()
    assert (
        schedule.remaining([RunInProgress(ewc, 9.0, 0.0), RunInProgress(hat, 9.0, 1.0)], 2) is None
    )
    going = [RunInProgress(ewc, 10.0, 0.25), RunInProgress(hat, 10.0, 0.5)]
    assert schedule.remaining(going, 2) == 35.0  # (30 + 10 + the mean of 40 and 20) / 2
    schedule.measured(hat, 90.0)
    assert schedule.remaining(going[:1], 1) == 30.0 + 65.0
