"""The order in which runs are started, and the estimate of the time to go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.run import Run
from harness.execution.scheduling import RunInProgress, Schedule

METHODS = ("ewc", "hat", "si")
RUN = Run("split_mnist", "task-il", "ewc", {}, "smoke", {}, 0, {})
RUNS = [replace(RUN, baseline=name, seed=seed) for name in METHODS for seed in range(3)]
SECONDS = st.floats(0.001, 1e6)


def test_every_method_is_tried_and_then_the_longest_taken() -> None:
    runs = [replace(RUN, baseline=name, seed=seed) for name in ("ewc", "hat") for seed in (0, 1)]
    schedule = Schedule(runs)
    assert schedule.remaining([], 1) is None
    assert [next(iter(schedule)), next(iter(schedule))] == [runs[0], runs[2]]
    schedule.measured(runs[0], 10.0)
    schedule.measured(runs[2], 30.0)
    assert schedule.remaining([], 2) == 20.0  # (10 + 30) / 2
    assert next(iter(schedule)) == runs[3]
    alone = RunInProgress(runs[3], 5.0, 0.5)  # the long one, at the end
    assert schedule.remaining([alone], 2) == 25.0
    assert next(iter(schedule)) == runs[1]
    assert not schedule


def test_before_any_run_has_ended_the_rest_is_judged_by_those_under_way() -> None:
    runs = [replace(RUN, baseline=name, seed=0) for name in ("ewc", "hat", "si")]
    schedule = Schedule(runs)
    ewc, hat = next(iter(schedule)), next(iter(schedule))
    extremes = [RunInProgress(ewc, 9.0, 0.0), RunInProgress(hat, 9.0, 1.0)]
    assert schedule.remaining(extremes, 2) is None
    going = [RunInProgress(ewc, 10.0, 0.25), RunInProgress(hat, 10.0, 0.5)]
    assert schedule.remaining(going, 2) == 35.0  # (30 + 10 + the mean of 40 and 20) / 2
    schedule.measured(hat, 90.0)
    assert schedule.remaining(going[:1], 1) == 30.0 + 65.0


def test_a_run_that_takes_longer_than_expected_takes_no_time_from_the_others() -> None:
    schedule = Schedule([RUNS[0], RUNS[1]])
    slow = next(iter(schedule))
    schedule.measured(slow, 10.0)
    assert schedule.remaining([RunInProgress(slow, 25.0, 0.9)], 1) == 10.0


def test_nothing_is_left_of_an_empty_schedule() -> None:
    schedule = Schedule([])
    assert not schedule
    assert schedule.next() is None
    assert list(schedule) == []


def test_a_run_that_may_not_be_started_is_left_out() -> None:
    asked: list[Run] = []

    def claim(run: Run) -> bool:
        asked.append(run)
        return run.seed != 1

    schedule = Schedule(RUNS, claim)
    assert len(schedule) == 9
    first = next(iter(schedule))
    assert (asked, len(schedule)) == ([first], 8)  # no run is claimed before it is started
    assert {run.seed for run in schedule} == {0, 2}
    assert sorted(map(str, asked)) == sorted(map(str, RUNS))
    assert not schedule


def test_a_run_whose_worker_was_lost_is_claimed_and_started_again_before_all_others() -> None:
    asked: list[Run] = []

    def claim(run: Run) -> bool:
        asked.append(run)
        return True

    schedule = Schedule(RUNS[:3], claim)
    lost = next(iter(schedule))
    schedule.put_back(lost)
    assert len(schedule) == 3
    schedule.measured(lost, 10.0)
    assert schedule.remaining([], 1) == 30.0
    assert next(iter(schedule)) == lost
    assert asked == [lost, lost]


@given(runs=st.permutations(RUNS), seconds=st.fixed_dictionaries(dict.fromkeys(METHODS, SECONDS)))
def test_runs_are_started_once_each_and_the_longest_first(
    runs: list[Run], seconds: dict[str, float]
) -> None:
    schedule = Schedule(runs)
    started = []
    while schedule:
        started.append(next(iter(schedule)))
        schedule.measured(started[-1], seconds[started[-1].baseline])
    assert sorted(map(str, started)) == sorted(map(str, RUNS))
    first, rest = started[:3], started[3:]
    assert {run.baseline for run in first} == set(METHODS)
    taken = [seconds[run.baseline] for run in rest]
    assert taken == sorted(taken, reverse=True)


@given(
    workers=st.integers(1, 20),
    seconds=st.fixed_dictionaries(dict.fromkeys(METHODS, SECONDS)),
    spent=SECONDS,
)
def test_the_estimate_is_what_perfect_workers_would_need_at_least(
    workers: int, seconds: dict[str, float], spent: float
) -> None:
    schedule = Schedule(RUNS)
    for method in METHODS:
        schedule.measured(replace(RUN, baseline=method), seconds[method])
    going = RunInProgress(next(iter(schedule)), spent, 0.5)
    rest = max(seconds[going.run.baseline] - spent, 0.0)
    pending = 3 * sum(seconds.values()) - seconds[going.run.baseline]
    remaining = schedule.remaining([going], workers)
    assert remaining == pytest.approx(max((rest + pending) / workers, rest))


def test_what_is_stored_gives_an_estimate_before_anything_is_started() -> None:
    stored = {"ewc": 10.0, "hat": 40.0, "si": 20.0}
    schedule = Schedule(RUNS, expected=lambda run: stored[run.baseline])
    assert schedule.remaining([], 1) == 3 * 70.0
    assert schedule.remaining([], 7) == 30.0
    order = [run.baseline for run in schedule]
    assert order == ["hat"] * 3 + ["si"] * 3 + ["ewc"] * 3  # no run to find out what it costs


def test_a_slower_machine_is_noticed() -> None:
    """One that takes three times as long with EWC will do so with HAT."""
    stored = {"ewc": 10.0, "hat": 40.0}
    runs = [replace(RUN, baseline=name, seed=seed) for name in ("ewc", "hat") for seed in (0, 1)]
    schedule = Schedule(runs, expected=lambda run: stored[run.baseline])
    schedule.measured(runs[0], 30.0)
    assert schedule.remaining([], 1) == 2 * 30.0 + 2 * 120.0
    schedule.measured(runs[2], 50.0)  # what was measured of a method says most
    assert schedule.remaining([], 1) == 2 * 30.0 + 2 * 50.0


def test_a_method_of_which_nothing_is_stored_is_tried_first() -> None:
    stored = {"ewc": 10.0, "hat": 40.0}
    schedule = Schedule(RUNS, expected=lambda run: stored.get(run.baseline))
    assert [run.baseline for run in schedule][:2] == ["si", "hat"]
    assert schedule.remaining([], 1) == 0.0
