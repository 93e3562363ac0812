"""Timing every subject in a process of its own, in turn, several times over."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from harness.speed.subjects import SUBJECTS

Samples = dict[str, list[tuple[float, float]]]
"""By subject, what each repetition measured: images trained on and evaluated per second."""


def turns(repeats: int) -> list[str]:
    """The subjects in turn, so that a change of the machine's speed meets all of them alike."""
    return [name for _ in range(repeats) for name in SUBJECTS]


def collect(names: Iterable[str], device: str) -> Samples:
    """The samples of the subjects, each measured in a process of its own.

    Args:
        names: of the subjects, in the order of the measurements.
        device: "cpu" or "cuda".

    Raises:
        RuntimeError: a measurement failed.
    """
    samples: Samples = {name: [] for name in SUBJECTS}
    for name in names:
        samples[name].append(_in_its_own_process(name, device))
    return samples


def measure_here(name: str, device: str) -> tuple[float, float]:
    """Images trained on and evaluated per second by one subject, in this process.

    Args:
        name: of the subject.
        device: "cpu" or "cuda".
    """
    import torch

    from harness.speed.throughput import throughput_of, warm_up

    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    gc.freeze()  # both as our workers do; it is fair to give them to all
    where = torch.device(device)
    warm_up(where)
    with tempfile.TemporaryDirectory() as folder:
        rates = throughput_of(name, Path(folder), where)
    return rates.training, rates.evaluation


def _in_its_own_process(name: str, device: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "harness.bench", "--one", name, "--device", device]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"measuring {name} failed:\n{done.stderr[-2000:]}")
    training, evaluation = json.loads(done.stdout.splitlines()[-1])
    return training, evaluation
