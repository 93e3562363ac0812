"""Provenance: where a run was made, with no name of the machine or its user."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.storage import provenance


def test_origin_is_the_command_and_the_commit() -> None:
    found = provenance.origin(["--benchmark", "split_mnist", "--set", "rmn.x=a b"], "harness.tune")
    assert found["command"] == "python -m harness.tune --benchmark split_mnist --set 'rmn.x=a b'"
    assert set(found) == {"command", "commit", "dirty"}


def test_folders_of_the_machine_are_left_out_of_the_command() -> None:
    words = ["--data", "/home/someone/data", "--results=/scratch/someone/out"]
    assert provenance.origin(words)["command"].endswith("--data data --results=out")


def test_machine_names_models_and_versions_but_no_host() -> None:
    found = provenance.machine("cuda", "an accelerator", threads=2)
    assert (found["device"], found["device_name"], found["threads"]) == (
        "cuda",
        "an accelerator",
        2,
    )
    assert set(found["versions"]) == {"python", "torch", "avalanche", "numpy", "pandas"}
    assert platform.node() not in str(found)
    assert provenance.machine("cpu", "", 1)["device_name"] == found["cpu"]


def test_time_is_utc_to_the_second() -> None:
    then = datetime.fromisoformat(provenance.now())
    assert then.tzinfo == UTC
    assert then.microsecond == 0


def test_summary_counts_the_runs_of_each_value() -> None:
    runs: list[dict[str, Any]] = [
        {"device_name": "a", "versions": {"torch": "1"}, "commit": "abc"},
        {"device_name": "b", "versions": {"torch": "1"}, "commit": "abc", "dirty": True},
        {"device_name": "a", "versions": {"torch": "1"}, "commit": "abc"},
    ]
    rows = provenance.summary(runs)
    assert rows[:2] == [("Device name", "a", "2"), ("", "b", "1")]
    assert ("Versions", "torch 1", "3") in rows
    assert ("", "abc with uncommitted changes", "1") in rows


def test_tracebacks_name_no_home() -> None:
    text = f'File "{provenance.ROOT}/harness/x.py"\nFile "{Path.home()}/y.py"'
    assert provenance.without_paths(text) == 'File "harness/x.py"\nFile "y.py"'
