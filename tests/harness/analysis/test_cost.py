"""What runs will cost, by what stored ones have taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.cost import Cost, expected_cost
from harness.config.run import Run
from harness.storage.record import MethodDeclaration, Record, Status


def record(method: str, seconds: float | None, status: Status = "finished") -> Record:
    run = Run("split_mnist", "task-il", method, {}, "smoke", {}, 0, {})
    made = {} if seconds is None else {"seconds": seconds}
    error = "" if status == "finished" else "ValueError"
    return Record(run, MethodDeclaration(method), made, status, error)


def in_task_il(*methods: str) -> list[tuple[str, str]]:
    return [("task-il", method) for method in methods]


def test_a_run_of_another_scenario_says_nothing() -> None:
    assert expected_cost([("class-il", "ewc")], [record("ewc", 10.0)]) == Cost(1, 1, 0.0, 0.0)


def test_each_run_takes_what_its_method_has_taken_on_average() -> None:
    records = [record("ewc", 10.0), record("ewc", 30.0), record("hat", 50.0)]
    assert expected_cost(in_task_il("ewc", "ewc", "hat", "si"), records) == Cost(4, 1, 90.0, 50.0)


def test_failed_runs_and_those_without_a_time_do_not_count() -> None:
    records = [record("ewc", 1.0, "failed"), record("ewc", None), record("ewc", 10.0)]
    assert expected_cost(in_task_il("ewc"), records) == Cost(1, 0, 10.0, 10.0)


def test_nothing_is_known_without_stored_runs() -> None:
    assert expected_cost(in_task_il("ewc", "hat"), []) == Cost(2, 2, 0.0, 0.0)
    assert expected_cost([], []) == Cost(0, 0, 0.0, 0.0)


@given(
    st.lists(st.sampled_from(["ewc", "hat"]), max_size=9), st.lists(st.integers(1, 9), max_size=5)
)
def test_as_many_runs_as_are_counted_take_no_longer_than_the_longest_each(
    names: list[str], seconds: list[int]
) -> None:
    cost = expected_cost(in_task_il(*names), [record("ewc", value) for value in seconds])
    counted = names.count("ewc") if seconds else 0
    assert (cost.runs, cost.untimed) == (len(names), len(names) - counted)
    assert cost.seconds == pytest.approx(cost.longest * counted)
