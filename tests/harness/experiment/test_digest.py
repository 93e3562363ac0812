"""The numbers themselves, pinned: a change of code that is no change of method changes none.

Digests and run ids are those of the code before `harness` was split into packages. Numbers must be
the same on every x86-64 processor, so the runs are made in a process of its own whose libraries
choose no instructions by processor. A test that fails here after a new version of torch or numpy
says that numbers have changed: raise the versions of the methods or benchmarks that are concerned,
and pin the new digests (`python tests/harness/experiment/test_digest.py` prints them).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import version
from typing import Final

import pandas as pd
import pytest

from harness.cli.comparison import read_comparison
from harness.storage.provenance import ROOT

SMALL: Final = (
    *("--profile", "smoke", "--seeds", "1"),
    *("--set", "training.train_examples=256"),
    *("--set", "training.test_examples=128"),
    *("--set", "training.tasks=3"),
)
COMMANDS: Final = (
    ("--benchmark", "split_mnist", "--methods", "naive,ewc,hat,rmn", *SMALL),
    ("--benchmark", "split_mnist_unsupervised", "--methods", "rmn_unsupervised", *SMALL),
)

DIGESTS: Final = {
    "naive 6ce8adff2f6c47ed": "e75e97015c31410582da4aa53f475fdc05db39fb46387fcbdfc8c69fd64cd283",
    "ewc 560a959cd5098340": "f7729c56c46a46e63543048dba8efd22aec5a2739b3b837e802c053255e1755c",
    "hat 5c6822503a88fe58": "be44bc265b59866e9fd1c066c3c9e27a84972c549c4e338488909565ed622c1e",
    "rmn b2a8933da1d3f8b1": "59b975eec80663b28f2f41db80634b35774a1635495eda16ab4b5b776362dadf",
    "rmn_unsupervised 475eaf8a09ad98ed": (
        "a155eec0987a666fcc34fec9be9372dd086e5e4a286c201f17bf4c59638aa124"
    ),
}
"""SHA-256 of each run's rows, by scenario, method and run id."""

SPLIT_MNIST_IDS: Final = {
    "ewc": "3dd5c3219ec279d5",
    "hat": "94919934e5de5012",
    "joint": "5aeae9fc14d1c067",
    "mas": "8cbb684c345ce2b5",
    "naive": "3727d2070c073989",
    "rmn": "bf930e3b07a57edd",
    "si": "6da0aaf3fe450408",
    "single": "67e8953048f287ca",
}
"""Run ids of the first seed of everything that is compared on Split-MNIST by default."""

ANY_PROCESSOR: Final = {
    "ATEN_CPU_CAPABILITY": "default",  # torch's own kernels: no AVX
    "MKL_CBWR": "COMPATIBLE",  # matrix products: the same on Intel's and AMD's processors
    "DNNL_MAX_CPU_ISA": "SSE41",
    "OMP_NUM_THREADS": "1",
}


def pinned_torch() -> str:
    """The version of torch in `constraints.txt`."""
    lines = (ROOT / "constraints.txt").read_text()
    found = re.search(r'^torch==(\S+) ; platform_machine == "x86_64"$', lines, re.MULTILINE)
    assert found is not None
    return found[1]


def digest(rows: pd.DataFrame) -> str:
    """SHA-256 of a run's rows as CSV, sorted, without the times."""
    lines = sorted(
        ",".join("" if pd.isna(value) else str(value) for value in row)  # of a float: its repr
        for row in rows[~rows["metric"].str.endswith("_seconds")].itertuples(index=False)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def measure() -> dict[str, str]:
    """Digests of the rows of all runs, made in this process as a worker makes them."""
    import torch

    from harness.experiment.experiment import run_experiment

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    found = {}
    for command in COMMANDS:
        for run in read_comparison(command, {}).runs:
            result = run_experiment(run, device="cpu", data=None, report=lambda progress: None)
            found[f"{run.scenario} {run.baseline} {run.id}"] = digest(result.rows)
    return found


@pytest.mark.skipif(platform.machine() != "x86_64", reason="pinned on x86-64")
@pytest.mark.skipif(
    version("torch").partition("+")[0] != pinned_torch(), reason="pinned with another torch"
)
def test_the_rows_of_runs_are_the_pinned_ones() -> None:
    environment = {**os.environ, **ANY_PROCESSOR, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == DIGESTS


def test_the_ids_of_the_defaults_are_the_pinned_ones() -> None:
    runs = read_comparison(["--benchmark", "split_mnist", "--seeds", "1"], {}).runs
    assert {f"{run.scenario} {run.baseline}": run.id for run in runs} == SPLIT_MNIST_IDS


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure()) + "\n")
