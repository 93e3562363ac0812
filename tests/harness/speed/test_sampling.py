"""Measuring every subject in turn, each in a process of its own; the processes are replaced."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.speed import throughput
from harness.speed.sampling import collect, measure_here, turns
from harness.speed.subjects import SUBJECTS
from harness.speed.throughput import Rates


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that were run; each measures its number, from 1, and ten times that."""
    commands: list[list[str]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert options["env"]["OMP_NUM_THREADS"] == options["env"]["MKL_NUM_THREADS"] == "1"
        commands.append(command)
        if "stock mas" in command:
            return subprocess.CompletedProcess(command, 1, "", "x" * 5000 + "no such method")
        number = float(len(commands))
        printed = f"a warning\n{json.dumps([number, 10 * number])}\n"
        return subprocess.CompletedProcess(command, 0, printed, "")

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_every_subject_has_its_turn_before_any_has_its_second() -> None:
    assert turns(3) == [*SUBJECTS, *SUBJECTS, *SUBJECTS]


def test_samples_are_collected_by_subject(commands: list[list[str]]) -> None:
    samples = collect(["our rmn", "plain loop", "our rmn"], "cuda")
    assert samples == {
        **{name: [] for name in SUBJECTS},
        "our rmn": [(1.0, 10.0), (3.0, 30.0)],
        "plain loop": [(2.0, 20.0)],
    }
    measure = [sys.executable, "-m", "harness.bench", "--one"]
    assert commands[:2] == [
        [*measure, "our rmn", "--device", "cuda"],
        [*measure, "plain loop", "--device", "cuda"],
    ]


def test_a_measurement_that_fails_says_why(commands: list[list[str]]) -> None:
    with pytest.raises(RuntimeError, match=r"^measuring stock mas failed:\n.*no such method$") as e:
        collect(["stock mas"], "cpu")
    assert len(str(e.value)) < 2100


def test_a_subject_is_measured_with_one_thread_and_an_empty_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders: list[Path] = []

    def throughput_of(subject: str, folder: Path, device: torch.device) -> Rates:
        assert (subject, device) == ("our rmn", torch.device("cpu"))
        assert torch.get_num_threads() == 1
        assert list(folder.iterdir()) == []
        folders.append(folder)
        return Rates(training=3.0, evaluation=4.0)

    monkeypatch.setattr(throughput, "throughput_of", throughput_of)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    assert measure_here("our rmn", "cpu") == (3.0, 4.0)
    assert not folders[0].exists()
    torch.set_flush_denormal(False)
