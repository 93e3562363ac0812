"""What runs will cost, by what stored ones have taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.cost import Cost, Timings, total
from harness.config.run import Run
from harness.storage.record import MethodDeclaration, Record, Status


def asked(
    method: str, scenario: str = "task-il", epochs: int = 5, strength: float = 1.0, seed: int = 0
) -> Run:
    settings = {"strength": strength}
    training = {"epochs": epochs}
    return Run("split_mnist", scenario, method, settings, "smoke", training, seed, {})


def record(
    run: Run, seconds: float | None, status: Status = "finished", device: str = "cpu"
) -> Record:
    made = {"device": device} if seconds is None else {"device": device, "seconds": seconds}
    error = "" if status == "finished" else "ValueError"
    return Record(run, MethodDeclaration(run.baseline), made, status, error)


def test_a_run_takes_what_its_other_seeds_have_taken() -> None:
    timings = Timings(
        [
            record(asked("ewc", seed=1), 10.0),
            record(asked("ewc", seed=2), 30.0),
            record(asked("ewc", strength=2.0), 90.0),
            record(asked("ewc", scenario="class-il"), 70.0),
        ],
        "cpu",
    )
    assert timings.of(asked("ewc", seed=7)) == 20.0
    assert timings.of(asked("ewc", strength=2.0)) == 90.0


def test_without_them_time_goes_with_the_epochs() -> None:
    timings = Timings(
        [record(asked("ewc", epochs=5), 10.0), record(asked("ewc", epochs=1), 4.0)], "cpu"
    )
    assert timings.of(asked("ewc", epochs=10)) == 10 * (2.0 + 4.0) / 2
    assert timings.of(asked("ewc", scenario="class-il", epochs=10)) == 30.0
    assert timings.of(asked("hat")) is None


def test_the_same_scenario_says_more_than_another() -> None:
    timings = Timings(
        [record(asked("ewc", "task-il"), 10.0), record(asked("ewc", "class-il"), 30.0)], "cpu"
    )
    assert timings.of(asked("ewc", "class-il", strength=2.0)) == 30.0
    assert timings.of_method("class-il", "ewc") == 30.0
    assert timings.of_method("domain-il", "ewc") is None


def test_runs_with_other_settings_say_nothing_of_what_a_comparison_costs() -> None:
    varied = replace(asked("ewc", "task-il"), overrides={"training.epochs": 1})
    timings = Timings([record(asked("ewc", "task-il"), 10.0), record(varied, 2.0)], "cpu")
    assert timings.of_method("task-il", "ewc") == 10.0
    assert Timings([record(varied, 2.0)], "cpu").of_method("task-il", "ewc") is None


def test_a_gpu_says_nothing_of_a_processor() -> None:
    stored = [record(asked("ewc"), 2.0, device="cuda"), record(asked("ewc", seed=1), 60.0)]
    assert Timings(stored, "cpu").of(asked("ewc", seed=2)) == 60.0
    assert Timings(stored, "cuda").of(asked("ewc", seed=2)) == 2.0
    assert Timings(stored[:1], "cpu").of(asked("ewc", seed=2)) is None


def test_failed_runs_and_those_without_a_time_do_not_count() -> None:
    stored = [
        record(asked("ewc"), 1.0, "failed"),
        record(asked("ewc", seed=1), None),
        record(asked("ewc", seed=2), 10.0),
    ]
    assert Timings(stored, "cpu").of(asked("ewc")) == 10.0
    assert Timings(stored[:2], "cpu").of(asked("ewc")) is None


def test_runs_of_which_nothing_is_known_are_counted_apart() -> None:
    assert total([10.0, None, 30.0]) == Cost(runs=3, untimed=1, seconds=40.0, longest=30.0)
    assert total([]) == Cost(0, 0, 0.0, 0.0)


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=9))
def test_as_many_runs_as_are_counted_take_no_longer_than_the_longest_each(
    seconds: list[float | None],
) -> None:
    cost = total(seconds)
    counted = cost.runs - cost.untimed
    assert cost.seconds <= cost.longest * counted + 1e-6
    assert cost.longest == pytest.approx(max((one for one in seconds if one), default=0.0))
