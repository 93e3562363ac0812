"""What the comparisons cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.config.run import Run
from harness.reporting.pages.hours import hours_table
from harness.results import main
from harness.storage import schema, store
from harness.storage.provenance import ROOT
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import Row

NAIVE = MethodDeclaration("Naive", "plain fine-tuning", (), "task boundaries")


def save(results: Path, scenario: str, seed: int, seconds: float) -> None:
    """A finished run of fine-tuning that took so long."""
    run = Run(
        benchmark="split_mnist",
        scenario=scenario,
        baseline="naive",
        settings={},
        profile="default",
        training={"epochs": 1},
        seed=seed,
        versions={"benchmark": 0, "baseline": 1, "rows": 1},
    )
    accuracy: Row = {
        "metric": "accuracy",
        "scenario": scenario,
        "after": 1,
        "task": 1,
        "value": 0.5,
    }
    record = Record(run, NAIVE, {"device": "cpu", "seconds": seconds}, "finished", "")
    store.save(results, record, schema.table([accuracy], run))


def test_hours_are_those_of_every_seed_that_is_asked_for(tmp_path: Path) -> None:
    """Eight methods in two scenarios; of seven of them no run is stored."""
    save(tmp_path, "task-il", seed=0, seconds=1800.0)
    save(tmp_path, "task-il", seed=1, seconds=3600.0)
    save(tmp_path, "class-il", seed=0, seconds=7200.0)
    lines = hours_table(tmp_path, "default", seeds=2).splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]
    hours = 2 * (0.75 + 2.0)
    assert rows == [
        ["`split_mnist`", "cpu", "8", "32", "4", f"{hours:.1f}", "120.0"],
        ["all", "cpu", "8", "32", "4", f"{hours:.1f}", "120.0"],
    ]


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    results = ROOT / "results"
    words = ["--results", str(results), "--profile", "constant", "--seeds", "2"]
    assert main(["hours", *words]) == 0
    assert capsys.readouterr().out.strip() == hours_table(results, "constant", seeds=2)


def test_without_results_there_is_a_heading_alone(tmp_path: Path) -> None:
    assert len(hours_table(tmp_path, "default", seeds=5).splitlines()) == 2


def test_an_unknown_profile_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["hours", "--results", str(ROOT / "results"), "--profile", "papers"])
    assert "did you mean 'paper'?" in capsys.readouterr().err
