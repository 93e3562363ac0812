"""A store of many runs is read in parts, and each run is as if it had been read alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from harness.storage import packing, run_folder, schema, store

RUNS: Final = 120


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer runs are checked together, so that there are several parts."""
    monkeypatch.setattr(run_folder, "_AT_ONCE", 50)


@pytest.fixture(scope="module")
def scale(results: Path) -> ModuleType:
    """The script that makes large stores, out of made-up runs in place of the committed ones."""
    path = Path(__file__).with_name("scale.py")
    spec = importlib.util.spec_from_file_location("scale", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scale"] = module
    spec.loader.exec_module(module)
    found = store.read(results, "split_mnist", "default")
    rows = schema.by_run(found.rows)
    made = [(one, rows[one.run.id]) for one in found.records if one.run.seed == 0]
    module.__dict__["templates"] = lambda: made
    return module


@pytest.fixture(scope="module")
def folders(scale: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folders."""
    root = tmp_path_factory.mktemp("many") / "results"
    scale.make_store(root, RUNS, "folders")
    return root


def test_many_runs_are_the_same_in_both_forms(
    scale: ModuleType, folders: Path, tmp_path: Path
) -> None:
    scale.make_store(tmp_path, RUNS, "packed")
    ours, theirs = (store.read(root, "split_mnist", "default") for root in (folders, tmp_path))
    assert ours.records == theirs.records
    assert ours.rows.equals(theirs.rows)
    assert len(ours.records) == RUNS
    surveys = [store.survey(root, "split_mnist", "default") for root in (folders, tmp_path)]
    assert surveys[0].records == surveys[1].records
    assert {record.status for record in surveys[0].records.values()} == {"finished"}


def test_the_damaged_ones_among_many_are_named_each_with_its_own_reason(folders: Path) -> None:
    paths = list(run_folder.under(folders / "split_mnist" / "default"))
    spoilt = {paths[0]: b"PAR1", paths[61]: b"", paths[-1]: b"x" * 99}
    whole = {path: (path / run_folder.ROWS).read_bytes() for path in spoilt}
    exchanged = paths[90] / run_folder.ROWS
    whole[paths[90]] = exchanged.read_bytes()
    try:
        for path, content in spoilt.items():
            (path / run_folder.ROWS).write_bytes(content)
        exchanged.write_bytes((paths[91] / run_folder.ROWS).read_bytes())
        found = store.read(folders, "split_mnist", "default")
        assert set(found.damaged) == {*spoilt, paths[90]}
        assert paths[91].name in found.damaged[paths[90]]
        assert len(found.records) == RUNS - 4
        assert found.rows["run_id"].nunique() == RUNS - 4
    finally:
        for path, content in whole.items():
            (path / run_folder.ROWS).write_bytes(content)


def test_the_same_runs_in_both_forms_are_compared_run_by_run(
    scale: ModuleType, tmp_path: Path
) -> None:
    scale.make_store(tmp_path, 16, "folders")
    packing.pack(tmp_path, "split_mnist", "default", keep=True)
    found = store.read(tmp_path, "split_mnist", "default")
    assert (len(found.records), found.damaged) == (16, {})
