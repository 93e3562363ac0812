"""Care of a results folder: damage is found, merging overwrites nothing, deleting is exact."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import packed, packing, run_folder, store, studies
from harness.storage.inventory import matching, take_inventory
from harness.storage.maintenance import delete, merge, verify
from harness.storage.provenance import ROOT
from harness.storage.record import Record
from harness.storage.studies import Study, Trial, TrialRun

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]
Files = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def results(tmp_path: Path, run: Run, make_record: Records, make_rows: Rows) -> Path:
    """Seed 0 packed, seed 1 a folder with masks, seed 2 a failure's folder."""
    root = tmp_path / "results"
    runs = [replace(run, seed=seed) for seed in range(3)]
    store.save(root, make_record(runs[0]), make_rows(runs[0]))
    packing.pack(root, run.benchmark, run.profile)
    store.save(root, make_record(runs[1]), make_rows(runs[1]), {"0": np.arange(4)})
    store.save(root, make_record(runs[2], error="no"))
    return root


@pytest.fixture
def study() -> Study:
    """Two trials of the same accuracy."""
    trials = [
        Trial(number, {"ewc_lambda": 10.0**number}, (TrialRun("a", 10_000, (0.5,)),))
        for number in range(2)
    ]
    return Study(
        benchmark="split_mnist",
        scenario="task-il",
        norm="per-task",
        method="ewc",
        training={},
        space={},
        sampler={},
        trials=tuple(trials),
        chosen=0,
    )


def test_sound_results_are_verified(results: Path, files_under: Files) -> None:
    before = files_under(results)
    found = verify(results)
    assert (found.runs, found.rows, found.files, found.folders) == (3, 4, 1, 2)
    assert found.damaged == {}
    assert files_under(results) == before


def test_every_damage_is_named(results: Path, run: Run) -> None:
    folder = results / replace(run, seed=1).folder
    masks = folder / run_folder.MASKS
    masks.write_bytes(masks.read_bytes()[:-30])
    file = packed.path_of(results, run.benchmark, run.profile)
    file.write_bytes(file.read_bytes()[:-9])
    damaged = verify(results).damaged
    assert set(damaged) == {folder, file}
    assert damaged[folder].startswith(run_folder.MASKS)


def test_committed_results_are_whole_small_and_packed() -> None:
    assert verify(ROOT / "results").damaged == {}
    listed = subprocess.run(
        ["git", "ls-files", "results"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git repository")
    files = [ROOT / name for name in listed.stdout.split()]
    runs = [file for file in files if file.parent.name != "studies"]
    assert {len(file.relative_to(ROOT).parts) for file in runs} == {3}
    assert {file.suffix for file in runs} == {packed.SUFFIX}
    assert {file.suffix for file in files if file not in runs} <= {".json"}
    assert sum(file.stat().st_size for file in files) < 3_000_000


@pytest.mark.parametrize("pack", [False, True])
def test_missing_runs_are_taken_from_either_form(
    pack: bool, results: Path, tmp_path: Path, run: Run, make_rows: Rows, files_under: Files
) -> None:
    if pack:
        packing.pack(results, run.benchmark, run.profile)
    before, target = files_under(results), tmp_path / "target"
    done = merge(target, results)
    assert (len(done.taken), done.present, done.left) == (3, 0, {})
    ours, theirs = (store.read(root, run.benchmark, run.profile) for root in (target, results))
    assert ours.records == theirs.records
    assert ours.rows.equals(theirs.rows)
    assert not list(packed.under(target))
    masks = run_folder.read_masks(target / replace(run, seed=1).folder)
    assert [list(array) for array in masks.values()] == ([] if pack else [[0, 1, 2, 3]])
    assert files_under(results) == before
    again = merge(target, results)
    assert (again.taken, again.present, again.left) == ([], 3, {})


def test_merging_overwrites_failures_alone(
    results: Path, tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    other = tmp_path / "other"
    runs = [replace(run, seed=seed) for seed in range(4)]
    store.save(other, make_record(runs[0]), make_rows(runs[0], 0.1))  # differs
    store.save(other, make_record(runs[1], error="no"))  # failed there, finished here
    store.save(other, make_record(runs[2]), make_rows(runs[2]))  # failed here
    broken = store.save(other, make_record(runs[3]), make_rows(runs[3]))
    (broken / run_folder.ROWS).unlink()
    done = merge(results, other)
    assert done.taken == [results / runs[2].folder]
    assert done.present == 1
    assert set(done.left) == {str(other / runs[0].folder), str(broken)}
    assert "which stays" in done.left[str(other / runs[0].folder)]
    found = store.read(results, run.benchmark, run.profile)
    assert {record.status for record in found.records} == {"finished"}
    assert 0.1 not in set(found.rows["value"])


def test_nothing_is_merged_into_what_is_damaged(
    results: Path, tmp_path: Path, run: Run, make_record: Records, make_rows: Rows
) -> None:
    other, target = tmp_path / "other", replace(run, seed=1)
    store.save(other, make_record(target), make_rows(target))
    folder = results / target.folder
    (folder / run_folder.ROWS).unlink()
    done = merge(results, other)
    assert done.taken == []
    [reason] = done.left.values()
    assert str(folder) in reason
    file = packed.path_of(results, run.benchmark, run.profile)
    file.write_text("no parquet")
    [reason] = merge(results, other).left.values()
    assert str(file) in reason


def test_studies_are_taken_and_never_overwritten(
    results: Path, tmp_path: Path, study: Study
) -> None:
    other = tmp_path / "other"
    studies.save(other, study)
    assert merge(results, other).studies == [results / study.file]
    assert studies.read(results, study.benchmark).studies == [study]
    studies.save(other, replace(study, chosen=1))
    done = merge(results, other)
    assert done.studies == []
    assert "which stays" in done.left[str(other / study.file)]
    (results / study.file).write_text("{")
    assert "is damaged" in merge(results, other).left[str(other / study.file)]
    found = verify(results)
    assert found.studies == 1
    assert list(found.damaged) == [results / study.file]


def test_runs_are_deleted_where_they_are(results: Path, run: Run) -> None:
    runs = take_inventory(results).runs
    delete(results, matching(runs, [run.id]))
    assert not list(packed.under(results))
    assert len(take_inventory(results).runs) == 2
    packing.pack(results, run.benchmark, run.profile)
    delete(results, matching(take_inventory(results).runs, status="failed"))
    [left] = take_inventory(results).runs
    assert (left.run_id, left.status) == (replace(run, seed=1).id, "finished")
    assert verify(results).damaged == {}
    delete(results, [left])
    assert [path.name for path in results.iterdir()] == [".lock"]
