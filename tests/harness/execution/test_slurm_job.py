"""A job of Slurm, as a process that is told to end, and what it notes on its way."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig
from harness.execution.slurm_job import read_progress
from harness.experiment.progress import RunProgress
from harness.storage import checkpoints, claims, store
from harness.storage.provenance import ROOT

JOB = """
import pickle, sys
from pathlib import Path
from harness.execution import slurm_job
run, config = pickle.loads(Path(sys.argv[1]).read_bytes())
slurm_job.make_in_job(run, config, Path(sys.argv[2]))
"""


def test_progress_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    notes = tmp_path / "run.progress"
    assert read_progress(notes) is None
    notes.write_text("{")
    assert read_progress(notes) is None
    progress = RunProgress(1, 2, "task 1/5, testing")
    notes.write_text(json.dumps(asdict(progress)))
    assert read_progress(notes) == progress


def test_a_job_that_cannot_note_its_progress_makes_its_run_all_the_same(
    config: ExecutionConfig, run: Run, tmp_path: Path
) -> None:
    order = tmp_path / "order"
    order.write_bytes(pickle.dumps((run, replace(config, threads=1))))
    notes = tmp_path / "swept" / "run.progress"
    subprocess.run([sys.executable, "-c", JOB, str(order), str(notes)], cwd=ROOT, check=True)
    assert store.status(config.results, run) == "finished"


def test_a_job_whose_time_is_up_leaves_a_checkpoint_and_no_failure(
    config: ExecutionConfig, run: Run, tmp_path: Path
) -> None:
    long = replace(run, training={**run.training, "epochs": 100})
    order, notes = tmp_path / "order", tmp_path / "notes"
    order.write_bytes(pickle.dumps((long, replace(config, threads=1))))
    command = [sys.executable, "-c", JOB, str(order), str(notes)]
    with subprocess.Popen(command, cwd=ROOT) as job:
        checkpoint = checkpoints.folder(config.results, long)
        while checkpoints.read(checkpoint) is None:
            assert job.poll() is None
            time.sleep(0.05)
        progress = read_progress(notes)
        assert progress is not None
        assert progress.total == 5 * 100
        assert claims.read(claims.path_of(config.results, long)) is not None
        job.send_signal(signal.SIGUSR2)
    assert job.returncode == 128 + signal.SIGUSR2
    assert checkpoints.read(checkpoint) is not None
    assert store.status(config.results, long) == "missing"
    assert not claims.path_of(config.results, long).exists()
