"""The worker pool, with real workers that really train; started once for the whole module."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.execution.local import RefusedError, execute
from harness.execution.worker import Order, advice
from harness.experiment.progress import RunProgress
from harness.storage import provenance, store

TINY = TrainingBudget(epochs=2, train_examples=64, test_examples=32)
RUNS = [
    replace(run, training=asdict(TINY))
    for run in plan(
        BENCHMARKS["split_mnist"],
        "smoke",
        {"naive": methods()["naive"]},
        {"naive": resolve(methods()["naive"], {}, {})},
        seeds=4,
        rows=1,
    )
]
CRASHING = replace(RUNS[0], settings={"no_such_setting": 1})
UNKNOWN = replace(RUNS[0], baseline="no_such_method")
KILLED = RUNS[3]


@dataclass
class Recorder:
    """Hears everything, and kills the worker of one run."""

    victim: Run | None = None
    events: list[tuple[Any, ...]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def started(self, worker: int, run: Run) -> None:
        self.events.append(("started", run.id))

    def progressed(
        self, worker: int, run: Run, position: RunProgress, remaining: float | None
    ) -> None:
        self.events.append(("progressed", run.id, position, remaining))
        if self.victim is not None and run.id == self.victim.id:
            (process,) = multiprocessing.active_children()
            os.kill(process.pid or 0, signal.SIGKILL)
            self.victim = None

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        self.events.append(("ended", run.id))
        self.errors[run.id] = error


def make_order(results: Path, device: str = "cpu") -> Order:
    return Order(results, None, device, provenance.origin(["--seeds", "4"]), threads=2)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recorder]:
    results = tmp_path_factory.mktemp("results")
    recorder = Recorder(victim=KILLED)
    execute([KILLED, CRASHING, UNKNOWN, *RUNS[:2]], make_order(results), 1, recorder)
    return results, recorder


def test_everything_else_finishes(executed: tuple[Path, Recorder]) -> None:
    results, recorder = executed
    assert [store.status(results, run) for run in RUNS[:2]] == ["finished", "finished"]
    assert [recorder.errors[run.id] for run in RUNS[:2]] == ["", ""]
    found = store.read(results, "split_mnist", "smoke")
    assert found.damaged == {}
    assert set(found.rows["run_id"]) == {run.id for run in RUNS[:2]}


def test_every_step_is_reported_in_order(executed: tuple[Path, Recorder]) -> None:
    _, recorder = executed
    heard = [event for event in recorder.events if event[1] == RUNS[0].id]
    assert [heard[0], heard[-1]] == [("started", RUNS[0].id), ("ended", RUNS[0].id)]
    positions = [event[2] for event in heard[1:-1]]
    doing = ["epoch 1/2", "epoch 2/2", "testing", *(f"testing on task {n}" for n in range(1, 6))]
    steps = [f"untrained, {step}" for step in doing[3:]]
    steps += [f"task {task}/5, {step}" for task in range(1, 6) for step in doing]
    assert [position.doing for position in positions] == steps
    done = [0] * 5 + [2 * task + epoch for task in range(5) for epoch in [0, 1, *[2] * 6]]
    assert [(position.done, position.total) for position in positions] == [(n, 10) for n in done]


def test_the_time_to_go_is_known_from_the_first_epoch_on(
    executed: tuple[Path, Recorder],
) -> None:
    _, recorder = executed
    first = [event for event in recorder.events if event[1] == KILLED.id and len(event) > 2]
    assert first[0][3] is None
    heard = [event for event in recorder.events if event[1] == RUNS[0].id and len(event) > 2]
    assert all(seconds > 0 for *_, progress, seconds in heard if 0 < progress.fraction < 1)


@pytest.mark.parametrize(
    ("run", "reason"), [(CRASHING, "no_such_setting"), (UNKNOWN, "no_such_method")]
)
def test_exception_is_recorded_as_a_failed_run(
    executed: tuple[Path, Recorder], run: Run, reason: str
) -> None:
    results, recorder = executed
    assert store.status(results, run) == "failed"
    (record,) = (
        record
        for record in store.read(results, "split_mnist", "smoke").records
        if record.run.id == run.id
    )
    assert record.error.startswith("Traceback")
    assert reason in record.error.splitlines()[-1]
    assert record.error == recorder.errors[run.id]
    assert str(provenance.ROOT) not in record.error


def test_killed_worker_fails_only_its_run(executed: tuple[Path, Recorder]) -> None:
    results, recorder = executed
    assert store.status(results, KILLED) == "failed"
    assert "signal 9" in recorder.errors[KILLED.id]
    assert "--jobs" in recorder.errors[KILLED.id]


def test_provenance_says_where_and_with_what(executed: tuple[Path, Recorder]) -> None:
    results, _ = executed
    for record in store.read(results, "split_mnist", "smoke").records:
        made = record.provenance
        assert made["command"] == "python -m harness.compare --seeds 4"
        assert made["device"] == "cpu"
        assert made["threads"] == 2
        assert made["versions"]["avalanche"] == "0.6.0"
        assert made["started"].endswith("+00:00")
        assert made["seconds"] >= 0
        assert {"commit", "dirty", "cpu", "platform", "device_name"} <= made.keys()
        assert os.uname().nodename not in made.values()


def test_no_worker_outlives_the_call(executed: tuple[Path, Recorder]) -> None:
    assert multiprocessing.active_children() == []


def test_absent_device_is_refused_and_nothing_recorded(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    with pytest.raises(RefusedError, match="--device cpu"):
        execute(RUNS[:1], make_order(tmp_path, "cuda"), 1, Recorder())
    assert store.status(tmp_path, RUNS[0]) == "missing"


def test_a_damaged_data_file_is_refused_and_nothing_recorded(tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"not the data set")
    order = replace(make_order(tmp_path / "results"), data=tmp_path)
    with pytest.raises(RefusedError, match="damaged or altered"):
        execute(RUNS[:2], order, 1, Recorder())
    assert [store.status(order.results, run) for run in RUNS[:2]] == ["missing"] * 2


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["--data", "/home/somebody/data"], "--data data"),
        (["--results=/tmp/a/results"], "--results=results"),
        (["--results", "../out"], "--results ../out"),
        (["--set", "ewc.ewc_lambda=100"], "--set ewc.ewc_lambda=100"),
    ],
)
def test_command_keeps_no_absolute_path(typed: list[str], kept: str) -> None:
    assert provenance.origin(typed)["command"] == f"python -m harness.compare {kept}"


def test_want_of_memory_names_what_to_lower() -> None:
    import torch

    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 50)
    assert "--jobs" in advice(failed.value)
    assert "training.batch_size" in advice(failed.value)
    assert "--jobs" in advice(MemoryError())
    assert advice(ValueError("shapes differ")) == ""
