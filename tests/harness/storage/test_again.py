"""The command that makes a stored run again, typed for one run of every kind that is committed."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from harness.cli.comparison import read_comparison
from harness.config.run import Run
from harness.storage import store
from harness.storage.again import command_again
from harness.storage.provenance import ROOT
from harness.storage.record import MethodDeclaration, Record

MADE = {"command": "python -m harness.compare --tuned mine", "commit": "abc"}

COMMITTED = sorted(
    (path.parent.name, path.stem)
    for path in (ROOT / "results").glob("*/*.parquet")
    if path.stem != "tuning"
)


@pytest.mark.parametrize(("benchmark", "profile"), COMMITTED)
def test_it_asks_for_the_run_itself(benchmark: str, profile: str) -> None:
    records = store.read(ROOT / "results", benchmark, profile).records
    kinds = {(one.run.scenario, one.run.baseline, one.run.setting): one for one in records}
    for record in kinds.values():
        command = command_again(record).rpartition("&& ")[2]
        arguments = shlex.split(command.removeprefix("python -m harness.compare "))
        request = read_comparison(arguments, {"RMN_DATA": "a folder"})
        assert record.run.id in {run.id for run in request.runs}


@pytest.fixture
def run() -> Run:
    settings = {"x": None, "y": True, "z": "a b"}
    training = {"epochs": 3, "norm": "none"}
    overrides = {"y": True, "training.norm": "none"}
    return Run("split_mnist", "task-il", "rmn", settings, "smoke", training, 4, {}, overrides)


def test_every_setting_is_named_as_it_is_typed(run: Run) -> None:
    assert command_again(Record(run, MethodDeclaration("RMN"), MADE)) == (
        "git checkout abc && python -m harness.compare --benchmark split_mnist --scenario task-il "
        "--methods rmn --seeds 5 --profile smoke --set rmn.x=none --set rmn.y=true "
        "--set 'rmn.z=a b' --set training.norm=none --results results-again"
    )


def test_what_no_comparison_makes_has_the_command_that_was_recorded(run: Run) -> None:
    again = "git checkout abc && python -m harness.compare --tuned mine --results results-again"
    for other in (replace(run, seed=10_000), replace(run, plugins={"baseline": "mine.py"})):
        assert command_again(Record(other, MethodDeclaration("RMN"), MADE)) == again


def test_without_a_record_of_it_nothing_is_said(run: Run) -> None:
    assert command_again(Record(run, MethodDeclaration("RMN"), {"commit": "abc"})) == ""
