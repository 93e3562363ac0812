"""The Slurm executor, with real processes of this machine in place of jobs."""

from __future__ import annotations

import argparse
import os
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.run import Run
from harness.execution import slurm
from harness.execution.executor import ExecutionConfig, FatalError, executors
from harness.execution.scheduling import Schedule
from harness.execution.slurm import SlurmExecutor, minutes
from harness.experiment.progress import RunProgress
from harness.storage import claims, provenance, store

pytest.importorskip("submitit", reason="submitit is not installed: pip install '.[cluster]'")


@dataclass
class Recorder:
    """Receives everything; kills the job of one run once it has learned a task."""

    results: Path
    victim: Run | None = None
    tries: Counter[str] = field(default_factory=Counter)
    progress: list[RunProgress] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    errors: dict[str, str] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        self.tries[run.id] += 1

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        self.progress.append(progress)
        if run == self.victim and progress.doing.startswith(
            ("task 2", "task 3", "task 4", "task 5")
        ):
            self.victim = None
            claim = claims.read(claims.path_of(self.results, run))
            assert claim is not None
            self.claimed.add(claim.owner)
            os.kill(claim.process.pid, signal.SIGKILL)

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        self.ends[run.id] += 1
        self.errors[run.id] = error


@dataclass(frozen=True)
class Executed:
    """What is left of runs that were made while the job of one was killed."""

    config: ExecutionConfig
    recorder: Recorder
    killed: Run


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory, runs: list[Run], crashing: Run) -> Executed:
    results = tmp_path_factory.mktemp("results")
    config = ExecutionConfig(results, None, "cpu", provenance.origin([]), jobs=2)
    killed = replace(runs[0], training={**runs[0].training, "epochs": 500})
    recorder = Recorder(results, killed)
    executor = SlurmExecutor(config, cluster="local")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slurm, "_POLL", 0.2)
        executor.run(Schedule([killed, runs[1], crashing]), recorder)
    return Executed(config, recorder, killed)


def test_a_killed_job_is_submitted_again_and_every_run_finishes(
    executed: Executed, runs: list[Run]
) -> None:
    recorder, made = executed.recorder, [executed.killed, runs[1]]
    assert [recorder.errors[run.id] for run in made] == ["", ""]
    assert [recorder.tries[run.id] for run in made] == [2, 1]
    assert set(recorder.ends.values()) == {1}
    found = store.read(executed.config.results, "split_mnist", "smoke")
    assert found.damaged == {}
    finished = [record.run.id for record in found.records if record.status == "finished"]
    assert sorted(finished) == sorted(run.id for run in made)


def test_a_job_keeps_the_claim_of_its_command(executed: Executed) -> None:
    assert executed.recorder.claimed == {executed.config.owner}


def test_a_run_that_fails_is_stored_as_failed_and_not_tried_again(
    executed: Executed, crashing: Run
) -> None:
    assert store.status(executed.config.results, crashing) == "failed"
    assert "no_such_setting" in executed.recorder.errors[crashing.id]
    assert executed.recorder.tries[crashing.id] == 1


def test_what_a_killed_command_left_is_swept_by_the_next_one(
    config: ExecutionConfig, run: Run
) -> None:
    dead = config.results / ".slurm" / "dead"
    dead.mkdir(parents=True)
    SlurmExecutor(config, cluster="local").run(Schedule([]), Recorder(config.results))
    assert not dead.exists()


def test_nothing_else_is_left_in_the_results(executed: Executed) -> None:
    left = {path.name for path in executed.config.results.rglob(".*")}
    assert left <= {".lock"}


def test_a_run_that_another_command_has_claimed_is_left_to_it(
    config: ExecutionConfig, run: Run
) -> None:
    recorder = Recorder(config.results)
    with claims.Claims(config.results, "another") as others:
        assert others.acquire(run)
        SlurmExecutor(config, cluster="local").run(Schedule([run]), recorder)
    assert recorder.errors == {run.id: "another command has taken it over"}
    assert store.status(config.results, run) == "missing"


def test_want_of_slurm_says_where_to_type_it(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FatalError, match="no srun; type the command on a login node"):
        SlurmExecutor(config)


def test_want_of_submitit_says_what_to_type(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "find_spec", lambda name: None)
    with pytest.raises(FatalError, match=r"not installed; type pip install '\.\[cluster\]'"):
        SlurmExecutor(config)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90", 90),
        ("1:30", 2),
        ("12:00:00", 720),
        ("00:00:61", 2),
        ("1-0", 1440),
        ("1-12", 2160),
        ("1-12:30", 2190),
        ("2-00:00:01", 2881),
    ],
)
def test_a_time_has_the_forms_of_slurm(text: str, value: int) -> None:
    assert minutes(text) == value


@pytest.mark.parametrize("text", ["", "0", "soon", "-1", "1:2:3:4", "0:59", "1-", "12h", "1.5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="write 90 for minutes"):
        minutes(text)


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with suppress(argparse.ArgumentTypeError):  # any other error is a traceback on the command line
        assert minutes(text) >= 1


def test_options_of_sbatch_are_names_and_values() -> None:
    (option,) = (one for one in executors()["slurm"].options if one.repeated)
    assert option.read("account=vision") == ("account", "vision")
    assert option.read("mail-user=a=b") == ("mail-user", "a=b")
    for text in ("account", "=vision", "account=", "--mem=8G", "a b=c"):
        with pytest.raises(argparse.ArgumentTypeError, match="write account=vision"):
            option.read(text)
