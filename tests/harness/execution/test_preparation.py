"""What a process needs before it makes runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.abc import MetaPathFinder

import pytest
import torch

from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.preparation import prepare, process_variables, thread_variables
from harness.storage.provenance import ROOT


@pytest.fixture(autouse=True)
def this_process_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("set_num_threads", "set_flush_denormal"):  # for all later tests
        monkeypatch.setattr(torch, name, lambda value: None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_an_absent_device_is_fatal(config: ExecutionConfig) -> None:
    with pytest.raises(FatalError, match="torch sees no CUDA device; use --device cpu"):
        prepare(replace(config, device="cuda"), 0)


def test_a_home_folder_that_cannot_be_written_is_named(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Avalanche makes a folder there as it is imported."""

    class Refusing(MetaPathFinder):
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "harness.experiment.experiment":
                raise NotADirectoryError("/dev/null/.avalanche")

    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delitem(sys.modules, "harness.experiment.experiment", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    with pytest.raises(FatalError, match=r"home folder /dev/null cannot be written.*set HOME to"):
        prepare(config, 0)


def test_the_numerical_libraries_are_held_to_the_threads() -> None:
    code = "import torch, threadpoolctl; print([p['num_threads'] for p in"
    code += " threadpoolctl.threadpool_info()], torch.get_num_threads())"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **process_variables(1)},
        capture_output=True,
        text=True,
        check=True,
    )
    numbers = ended.stdout.replace("[", "").replace("]", "").replace(",", "").split()
    assert set(numbers) == {"1"}


def test_a_process_is_started_with_more_than_its_threads() -> None:
    assert thread_variables(3).items() < process_variables(3).items()
    assert set(thread_variables(3).values()) == {"3"}
