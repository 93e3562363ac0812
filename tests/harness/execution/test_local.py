"""The worker pool, with real workers that really train; started once for the whole module."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from harness.config.run import Run
from harness.execution import local
from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.local import LocalExecutor, number_of_workers
from harness.execution.scheduling import Schedule
from harness.experiment.progress import RunProgress
from harness.storage import provenance, store


@dataclass(frozen=True)
class Event:
    """What a listener received of one run."""

    kind: str
    run_id: str
    progress: RunProgress | None = None
    remaining: float | None = None


@dataclass
class Recorder:
    """Receives everything, and kills the worker of one run."""

    victim: Run | None = None
    events: list[Event] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        self.events.append(Event("started", run.id))

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        self.events.append(Event("progressed", run.id, progress, remaining))
        if run == self.victim:
            (process,) = multiprocessing.active_children()
            os.kill(process.pid or 0, signal.SIGKILL)
            self.victim = None

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        self.events.append(Event("ended", run.id))
        self.errors[run.id] = error

    def progress_of(self, run: Run) -> list[Event]:
        return [event for event in self.events if event.run_id == run.id and event.progress]


@dataclass(frozen=True)
class Executed:
    """What is left of runs that were made, of which one was killed."""

    results: Path
    recorder: Recorder
    killed: Run

    def found(self) -> store.Results:
        return store.read(self.results, "split_mnist", "smoke")


@pytest.fixture(scope="module")
def executed(
    tmp_path_factory: pytest.TempPathFactory, runs: list[Run], crashing: Run, unknown: Run
) -> Executed:
    killed = runs[3]
    done = Executed(tmp_path_factory.mktemp("results"), Recorder(victim=killed), killed)
    origin = provenance.origin(["--seeds", "4"])
    config = ExecutionConfig(done.results, None, "cpu", origin, threads=2)
    LocalExecutor(config).run(Schedule([killed, crashing, unknown, *runs[:2]]), done.recorder)
    return done


def test_everything_else_finishes(executed: Executed, runs: list[Run]) -> None:
    assert [store.status(executed.results, run) for run in runs[:2]] == ["finished"] * 2
    assert [executed.recorder.errors[run.id] for run in runs[:2]] == ["", ""]
    found = executed.found()
    assert found.damaged == {}
    assert set(found.rows["run_id"]) == {run.id for run in runs[:2]}


def test_every_step_is_reported_in_order(executed: Executed, run: Run) -> None:
    kinds = [event.kind for event in executed.recorder.events if event.run_id == run.id]
    assert kinds == ["started", *["progressed"] * (len(kinds) - 2), "ended"]
    progress = [event.progress for event in executed.recorder.progress_of(run)]
    steps = []
    for task in range(1, 6):  # after each, those learned are tested
        tests = [f"testing on task {seen}" for seen in range(1, task + 1)]
        for number, doing in enumerate(["epoch 1/2", "epoch 2/2", "testing", *tests]):
            done = 2 * (task - 1) + min(number, 2)
            steps.append(RunProgress(done, 10, f"task {task}/5, {doing}"))
    assert progress == steps


def test_the_time_to_go_is_known_from_the_first_epoch_on(executed: Executed, run: Run) -> None:
    first, *_ = executed.recorder.progress_of(executed.killed)
    assert first.remaining is None
    for event in executed.recorder.progress_of(run):
        assert event.progress is not None
        if 0 < event.progress.fraction < 1:
            assert event.remaining is not None
            assert event.remaining > 0


@pytest.mark.parametrize(
    ("fixture", "reason"), [("crashing", "no_such_setting"), ("unknown", "no_such_method")]
)
def test_an_exception_is_recorded_as_a_failed_run(
    executed: Executed, fixture: str, reason: str, request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(fixture)
    (record,) = (one for one in executed.found().records if one.run == run)
    assert record.status == "failed"
    assert record.error.startswith("Traceback")
    assert reason in record.error.splitlines()[-1]
    assert record.error == executed.recorder.errors[run.id]
    assert str(provenance.ROOT) not in record.error


def test_a_killed_worker_fails_only_its_run(executed: Executed) -> None:
    assert store.status(executed.results, executed.killed) == "failed"
    assert "signal 9" in executed.recorder.errors[executed.killed.id]
    assert "--jobs" in executed.recorder.errors[executed.killed.id]


def test_provenance_says_where_and_with_what(executed: Executed) -> None:
    for record in executed.found().records:
        made = record.provenance
        assert made["command"] == "python -m harness.compare --seeds 4"
        assert made["device"] == "cpu"
        assert made["threads"] == 2
        assert made["versions"]["avalanche"] == "0.6.0"
        assert made["started"].endswith("+00:00")
        assert made["seconds"] >= 0
        assert {"commit", "dirty", "cpu", "platform", "device_name"} <= made.keys()
        assert os.uname().nodename not in made.values()


def test_no_worker_outlives_the_call(executed: Executed) -> None:
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_an_absent_device_is_refused_and_nothing_recorded(
    config: ExecutionConfig, run: Run
) -> None:
    with pytest.raises(FatalError, match="--device cpu"):
        LocalExecutor(replace(config, device="cuda")).run(Schedule([run]), Recorder())
    assert store.status(config.results, run) == "missing"


def test_a_damaged_data_file_is_refused_and_nothing_recorded(
    tmp_path: Path, config: ExecutionConfig, runs: list[Run]
) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"not the data set")
    with pytest.raises(FatalError, match="damaged or altered"):
        LocalExecutor(replace(config, data=tmp_path)).run(Schedule(runs[:2]), Recorder())
    assert [store.status(config.results, run) for run in runs[:2]] == ["missing"] * 2


@pytest.mark.parametrize(
    ("jobs", "threads", "workers"), [(None, 1, 8), (None, 3, 2), (None, 16, 1), (4, 3, 4)]
)
def test_cores_are_shared_between_runs_and_their_threads(
    config: ExecutionConfig,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int | None,
    threads: int,
    workers: int,
) -> None:
    monkeypatch.setattr(local, "cores", lambda: 8)
    assert number_of_workers(replace(config, jobs=jobs, threads=threads)) == workers
