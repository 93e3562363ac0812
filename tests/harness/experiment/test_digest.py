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

UNTUNED: Final = str(ROOT / "tests" / "no-such-folder")
"""In place of the tuned settings, which may change without any method changing."""

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
        "c1846d9ddfcb5aa1dfe11acb8f13756483f5d0e403d335557fb0b1a993c3a61b"
    ),
    "task-il ewc 61e95c04ba42437f": (
        "53101e684a6fbc5fc09341348db4f4540ceacfcbc1847cb1d6446aaad500ee3c"
    ),
    "task-il hat 7230b9fbf12c0564": (
        "0bec82b129b4ddce4a35d424de248460afd6779bc43b4940d9d2611ad13e83b4"
    ),
    "task-il rmn 40afd8dd82df0260": (
        "a4261074658f1476b8cb76f2985add3b4510a9a65f0e62ee1c167a0b34cca685"
    ),
    "class-il naive 72150baa89f79565": (
        "cb7a1b76d39abd1854699627989fdafe7401f9c65bece0edc82e70b892851b67"
    ),
    "class-il ewc 93f063f8d73b7d79": (
        "91cee0cefaf8d8dfb8e1529e6bff81beecfb52aaebc93ae5bc2f22409f1de1c0"
    ),
    "class-il hat bc23f5017edd0353": (
        "1ba084a42aa9b149e24acfb19d32dfcc6aa0360e988c88ea1ffb8cd3fab53d17"
    ),
    "class-il rmn 56f1c62e2bcd4d0b": (
        "74d161e473e6540f00547476896ea09a4c8e103bb43d47d050ec300bcdc816e3"
    ),
    "class-il rmn_unsupervised caa5fee06f0fc41c": (
        "a594aea305d9c5b35a10cb82610ee7d64b6351a77ef6dd8b98bb11566c17d31a"
    ),
}
"""SHA-256 of each run's rows, by scenario, method and run id."""

SPLIT_MNIST_IDS: Final = {
    "task-il ewc": "36cd3e6d719dc2f1",
    "task-il hat": "4d29df8757335943",
    "task-il joint": "6ee8f31b80c22ce4",
    "task-il mas": "029b39779126127a",
    "task-il naive": "51c413db4aab5ddb",
    "task-il rmn": "c9f02cff1a3d771d",
    "task-il si": "97ec5420b5651e46",
    "task-il single": "14227e1c8589bb3a",
    "class-il ewc": "c4fe374fb20db925",
    "class-il hat": "27af10d0c2942310",
    "class-il joint": "750ee622d0d4e317",
    "class-il mas": "fd230c5960cca954",
    "class-il naive": "bba8b5ce16e0605a",
    "class-il rmn": "b7c9b0db36af3815",
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
