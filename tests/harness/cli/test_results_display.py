"""What `harness.results` shows of stored runs."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from harness.cli.results_display import (
    counted,
    description,
    measurements,
    overview,
)
from harness.config.run import Run
from harness.storage import schema
from harness.storage.inventory import Inventory, Place, StoredRun
from harness.storage.record import MethodDeclaration, Record


def printed(table: Table) -> list[list[str]]:
    """The lines of a table, cut at its gaps."""
    out = StringIO()
    Console(file=out, width=200).print(table)
    lines = [line.strip() for line in out.getvalue().splitlines()]
    return [[cell.strip() for cell in line.split("  ") if cell] for line in lines if line]


def stored(run: Run, place: Place, size: int = 0) -> StoredRun:
    record = Record(run, MethodDeclaration(run.baseline))
    path = Path("results/split_mnist/smoke.parquet" if place == "packed" else f"results/{run.id}")
    where = (run.benchmark, run.profile, run.baseline, run.id)
    return StoredRun(*where, place, path, record, size=size)


@pytest.fixture
def inventory(run: Run) -> Inventory:
    """Four packed seeds, two folders, and one that is damaged."""
    packed = [stored(replace(run, seed=seed), "packed") for seed in (0, 1, 2, 5)]
    other = replace(run, overrides={"ewc_lambda": 10.0})
    folders = [stored(replace(other, seed=seed), "folder", 1500) for seed in (7, 8)]
    damaged = replace(folders[0], record=None, damage="no run.json", run_id="x", size=0)
    return Inventory([*packed, *folders, damaged], {packed[0].path: 4000})


def test_settings_have_a_line_each_with_their_seeds_as_ranges(inventory: Inventory) -> None:
    [(heading, table)] = overview(inventory, inventory.runs, each=False)
    assert heading == "split_mnist/smoke: 7 runs; packed file 4.0 kB, 3 folders 3.0 kB"
    assert printed(table) == [
        ["scenario", "method", "setting", "runs", "seeds", "status", "place", "size"],
        ["ewc", "no run.json", "1", "damaged", "folder", "0 bytes"],
        ["task-il", "ewc", "4", "0-2 5", "finished", "packed"],
        ["task-il", "ewc", "ewc_lambda=10.0", "2", "7-8", "finished", "folder", "3.0 kB"],
    ]


def test_runs_have_a_line_each_with_their_ids(inventory: Inventory) -> None:
    [(_, table)] = overview(inventory, inventory.runs[3:5], each=True)
    one, other = inventory.runs[3:5]
    assert printed(table) == [
        ["run", "scenario", "method", "seed", "status", "place", "setting"],
        [one.run_id, "task-il", "ewc", "5", "finished", "packed"],
        [other.run_id, "task-il", "ewc", "7", "finished", "folder", "ewc_lambda=10.0"],
    ]


def test_a_run_that_is_in_both_places_counts_once(run: Run) -> None:
    copies = [stored(run, "packed"), stored(run, "folder", 10)]
    inventory = Inventory(copies, {copies[0].path: 20})
    [(heading, _)] = overview(inventory, copies, each=False)
    assert heading == "split_mnist/smoke: 1 run; packed file 20 bytes, 1 folder 10 bytes"


def test_a_description_has_every_field_that_says_something(run: Run) -> None:
    method = MethodDeclaration("EWC", "a paper", ("replays [stored] examples",), "task boundaries")
    versions = {"torch": "2.9", "numpy": "2.0"}
    provenance = {"device_name": "a processor", "versions": versions, "command": "python -m x"}
    record = Record(run, method, provenance)
    lines = {line[0]: line[1:] for line in printed(description(stored(run, "folder"), record))}
    assert lines["Method"] == ["ewc: EWC"]
    assert lines["Scenario"] == ["task-il"]
    assert lines["Differs in"] == ["nothing: the benchmark's own settings"]
    assert lines["Settings"] == ["ewc_lambda=10.0"]
    assert lines["Requirements"] == ["replays [stored] examples"]
    assert lines["Task inferred"] == ["no"]
    assert lines["Device name"] == ["a processor"]
    assert lines["Versions"] == ["torch 2.9, numpy 2.0"]
    assert lines["Make it again"][0].startswith("python -m harness.compare --benchmark ")
    assert "Run versions" not in lines  # it has none


def test_measurements_are_metrics_in_their_units(run: Run) -> None:
    rows: list[schema.Row] = [
        {"metric": "accuracy", "scenario": "task-il", "after": 1, "task": 1, "value": 0.9},
        {"metric": "accuracy", "scenario": "task-il", "after": 2, "task": 1, "value": 0.5},
        {"metric": "accuracy", "scenario": "task-il", "after": 2, "task": 2, "value": 0.8},
    ]
    lines = printed(measurements(schema.table(rows, run)))
    assert "3 rows of measurements" in lines[0][0]
    text = "\n".join(" ".join(line) for line in lines)
    assert "acc │ task-il │ │ 65.00 %" in " ".join(text.split())  # the mean of 0.5 and 0.8


def test_numbers_of_things_are_in_words() -> None:
    assert [counted(n, "run") for n in (0, 1, 2, 1200)] == [
        "0 runs",
        "1 run",
        "2 runs",
        "1,200 runs",
    ]
