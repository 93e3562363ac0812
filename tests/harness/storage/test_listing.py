"""What another user's permissions hide is named, never taken for absent."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import maintenance, packing, store
from harness.storage.inventory import take_inventory
from harness.storage.listing import unlisted
from harness.storage.record import Record

Records = Callable[..., Record]
Rows = Callable[..., pd.DataFrame]

_NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """As a user whom permissions bind, which they do not root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def results() -> Iterator[Path]:
    """A folder that every user can enter, as pytest's own is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def runs(results: Path, run: Run, make_record: Records, make_rows: Rows) -> list[Run]:
    """Two methods' runs as folders, and a third one packed."""
    third = replace(run, profile="default")
    store.save(results, make_record(third), make_rows(third))
    packing.pack(results, run.benchmark, "default")
    both = [run, replace(run, baseline="mas")]
    for one in both:
        store.save(results, make_record(one), make_rows(one))
    assert unlisted(results, 3) == {}
    return [*both, third]


def test_a_folder_of_a_method_stops_no_other(results: Path, runs: list[Run]) -> None:
    hidden, seen, _ = runs
    closed = (results / hidden.folder).parent
    closed.chmod(0o000)
    with without_privileges():
        found = store.read(results, hidden.benchmark, hidden.profile)
        survey = store.survey(results, hidden.benchmark, hidden.profile)
        states = [store.status(results, one) for one in (hidden, seen)]
        inventory = take_inventory(results)
        verified = maintenance.verify(results)
    assert [record.run for record in found.records] == [seen]
    for damaged in (found.damaged, survey.damaged, inventory.damaged, verified.damaged):
        assert damaged == {closed: "PermissionError: Permission denied"}
    assert states == [survey.status(hidden), survey.status(seen)] == ["damaged", "finished"]


def test_a_folder_of_a_benchmark_hides_its_packed_files_as_well(
    results: Path, runs: list[Run]
) -> None:
    packed = runs[2]
    closed = results / packed.benchmark
    closed.chmod(0o000)
    with without_privileges():
        found = store.read(results, packed.benchmark, packed.profile)
        state = store.status(results, packed)
        verified = maintenance.verify(results)
    assert not found.records
    assert closed / f"{packed.profile}.parquet" in found.damaged
    assert state == "damaged"
    assert verified.damaged == {closed: "PermissionError: Permission denied"}
