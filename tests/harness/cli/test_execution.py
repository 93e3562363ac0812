"""The executor that a command line names."""

from __future__ import annotations

import argparse

import pytest

from harness.cli import options
from harness.cli.arguments import ArgumentError
from harness.cli.execution import chosen_executor
from harness.execution.executor import ExecutionConfig
from harness.execution.local import LocalExecutor
from harness.execution.ray import RayExecutor


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_execution(parser)
    return parser.parse_args(words)


def test_an_executor_gets_the_options_that_were_given(config: ExecutionConfig) -> None:
    assert isinstance(chosen_executor(parsed(), config), LocalExecutor)
    words = ["--executor", "ray", "--address", "auto", "--gpus-per-run", "0.5"]
    assert isinstance(chosen_executor(parsed(*words), config), RayExecutor)


def test_an_option_of_another_executor_is_refused(config: ExecutionConfig) -> None:
    with pytest.raises(ArgumentError, match="--slurm-partition is for --executor slurm; add that"):
        chosen_executor(parsed("--slurm-partition", "gpu"), config)


def test_what_an_executor_lacks_is_said_with_its_name(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ArgumentError, match="--executor slurm: this machine has no srun"):
        chosen_executor(parsed("--executor", "slurm"), config)
