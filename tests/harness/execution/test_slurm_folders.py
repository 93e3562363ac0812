"""What commands that were killed left among the results, and what must stay."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from harness.config.run import Run
from harness.execution import slurm_folders
from harness.storage.claims import Claims, path_of
from harness.storage.provenance import ROOT


def leave_folder(results: Path, owner: str) -> Path:
    folder = slurm_folders.of_command(results, owner)
    folder.mkdir(parents=True)
    (folder / "1_0_log.out").write_text("printed")
    return folder


def test_what_a_killed_command_left_goes_when_its_last_job_has_ended(
    tmp_path: Path, run: Run
) -> None:
    """The job is a process that has the command's claim and outlives it."""
    code = (
        "import pathlib, sys; from harness.config.run import Run\n"
        "from harness.storage.claims import Claims\n"
        f"claims = Claims(pathlib.Path({str(tmp_path)!r}), 'killed')\n"
        f"claims.acquire({run!r})\n"
        "print('claimed', flush=True)\n"
        "sys.stdin.read()"
    )
    folder = leave_folder(tmp_path, "killed")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    ) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "claimed\n"
        slurm_folders.sweep(tmp_path)
        assert (folder / "1_0_log.out").read_text() == "printed"
        job.kill()
        job.wait()
    slurm_folders.sweep(tmp_path)
    assert not folder.parent.exists()


def test_what_living_commands_use_stays(tmp_path: Path, run: Run) -> None:
    mine, dead = (leave_folder(tmp_path, owner) for owner in ("mine", "dead"))
    with Claims(tmp_path, "mine") as claims:
        assert claims.acquire(run)
        slurm_folders.sweep(tmp_path)
    assert mine.exists()
    assert not dead.exists()


def test_nothing_goes_while_the_owner_of_a_claim_is_unknown(tmp_path: Path, run: Run) -> None:
    folder, claim = leave_folder(tmp_path, "unknown"), path_of(tmp_path, replace(run, seed=1))
    claim.parent.mkdir(parents=True)
    claim.write_text("")
    slurm_folders.sweep(tmp_path)
    assert folder.exists()


def test_without_any_there_is_nothing_to_do(tmp_path: Path) -> None:
    slurm_folders.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
