"""The numbers themselves, pinned: a change of code that is no change of method changes none.

Numbers must be the same on every x86-64 processor, so the runs are made in a process of its own
whose libraries choose no instructions by processor. A test that fails here after a new version of
torch or numpy says that numbers have changed: raise the versions of the methods or benchmarks that
are concerned, and pin the new digests, which `python tests/harness/experiment/test_digest.py`
prints.
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

UNTUNED: Final = str(ROOT / "tests")
"""Has no choices. In place of the tuned settings, which may change without any method changing."""

SMALL: Final = (
    *("--tuned", UNTUNED),
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
    "task-il naive c7e66f3634c3a524": (
        "36e407c6831367c28ed8d9b493c904248516c5630285ae0e01e504b954ece419"
    ),
    "task-il ewc 61e95c04ba42437f": (
        "d17d8bc254a62b4bb4a2fb0385d87961f0e13f88be86150f33910976beb38e5d"
    ),
    "task-il hat 7230b9fbf12c0564": (
        "8d27b34a12d22358ad54bc8d5bcc96697f79d6ac6c5887c04bbc71e139ad8033"
    ),
    "task-il rmn 17eba8d7d67446ef": (
        "67860d1cd2c7a6de9eccc6bb1c0239c8cdd8b8b636ed771d6b78349474ae7aff"
    ),
    "class-il naive 72150baa89f79565": (
        "0a72bbf1020e3f256eb86f160a1b49a8c4899299b257c40f0794c10b00822bce"
    ),
    "class-il ewc 93f063f8d73b7d79": (
        "439c17594cb6b0553598e119d1a5a2d1743aef195116f6f73159c6e5d939ed9d"
    ),
    "class-il hat bc23f5017edd0353": (
        "5dd608a1383177ba4bae70b0a192b3bd7b32f0e2f84314b9a9763b4304c37f83"
    ),
    "class-il rmn 6bee37d35a62bd67": (
        "c73b7ff896e1b98b2d9b6b0e0f7b70b9f4adc744106531c2b536f2e24ed6181d"
    ),
    "class-il rmn_unsupervised caa5fee06f0fc41c": (
        "174d49b0f97ada044d6c98bd6196fe61092756821f9626cee9a55b1cf4008eec"
    ),
}
"""SHA-256 of each run's rows, by scenario, method and run id."""

SPLIT_MNIST_IDS: Final = {
    "task-il ewc": "36cd3e6d719dc2f1",
    "task-il hat": "4d29df8757335943",
    "task-il joint": "6ee8f31b80c22ce4",
    "task-il mas": "029b39779126127a",
    "task-il naive": "51c413db4aab5ddb",
    "task-il rmn": "c49d42a1defa293e",
    "task-il si": "97ec5420b5651e46",
    "task-il single": "14227e1c8589bb3a",
    "class-il ewc": "c4fe374fb20db925",
    "class-il hat": "27af10d0c2942310",
    "class-il joint": "750ee622d0d4e317",
    "class-il mas": "fd230c5960cca954",
    "class-il naive": "bba8b5ce16e0605a",
    "class-il rmn": "a9b6c778a0c3f800",
    "class-il si": "de307d5aafbdb854",
    "class-il single": "b96d3b0c71fb39c9",
}
"""Run ids of the first seed of everything that is compared on Split-MNIST by default, tuned."""

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
