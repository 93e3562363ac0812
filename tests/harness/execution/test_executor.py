"""The register of executors."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.execution import executor
from harness.execution.executor import (
    ExecutionConfig,
    ExecutorOption,
    executors,
    register_executor,
)
from harness.execution.local import LocalExecutor
from harness.storage.provenance import ROOT


@pytest.fixture(autouse=True)
def own_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor._EXECUTORS, "entries", executors())


def test_the_executors_of_the_package_are_found_by_lying_in_it() -> None:
    code = "from harness.execution.executor import executors; print(*executors())"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["local", "ray", "slurm"]


def test_another_is_known_by_its_name_from_its_registration_on() -> None:
    class Elsewhere(LocalExecutor):
        pass

    assert "elsewhere" not in executors()
    assert register_executor("elsewhere")(Elsewhere) is Elsewhere
    assert list(executors()) == ["elsewhere", "local", "ray", "slurm"]
    assert executors()["elsewhere"].make is Elsewhere


def test_an_executor_may_have_options_of_its_own() -> None:
    option = ExecutorOption("--so-many", "N", "how many", int)
    register_executor("elsewhere", option)(LocalExecutor)
    assert executors()["elsewhere"].options == (option,)
    assert option.name == "so_many"
    assert executors()["local"].options == ()


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="two executors are named 'local'"):
        register_executor("local")(LocalExecutor)
    assert executors()["local"].make is LocalExecutor


def test_folders_are_absolute_for_a_process_that_works_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ExecutionConfig(Path("results"), None, "cpu", {"command": "compare"})
    found = given.with_absolute_folders()
    assert found == replace(given, results=tmp_path / "results")
    assert replace(given, data=Path("d")).with_absolute_folders().data == tmp_path / "d"
