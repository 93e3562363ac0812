"""Checkpoints on disk: whole or the one before, and none of another run or other code taken in."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from harness.config.run import Run
from harness.storage import checkpoints, store


def written(path: Path, run: Run, done: int, content: bytes = b"state") -> None:
    checkpoints.write(path, run, done, 5, lambda file: _write(file, content))


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def test_it_lies_beside_where_the_run_will_be_and_is_no_result(tmp_path: Path, run: Run) -> None:
    path = checkpoints.folder(tmp_path, run)
    assert path.parent == (tmp_path / run.folder).parent
    written(path, run, 2)
    assert store.status(tmp_path, run) == "missing"
    assert store.contents(tmp_path) == []
    assert store.read(tmp_path, run.benchmark, run.profile).damaged == {}


def test_the_newest_replaces_the_one_before(tmp_path: Path, run: Run) -> None:
    for done in (1, 2, 3):
        written(tmp_path, run, done, b"%d" % done)
    found = checkpoints.read(tmp_path)
    assert found is not None
    assert (found.run, found.done, found.tasks) == (run.id, 3, 5)
    assert (tmp_path / found.state).read_bytes() == b"3"
    assert {file.name for file in tmp_path.iterdir()} == {checkpoints.HEADER, found.state}


def test_a_write_that_fails_leaves_the_one_before(tmp_path: Path, run: Run) -> None:
    written(tmp_path, run, 1)
    before = checkpoints.read(tmp_path)

    def fail(file: Path) -> None:
        file.write_bytes(b"half of it")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        checkpoints.write(tmp_path, run, 2, 5, fail)
    assert checkpoints.read(tmp_path) == before is not None


@pytest.mark.parametrize("name", [checkpoints.HEADER, "state-2.pt"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x00" * 40])
def test_damaged_pieces_are_no_checkpoint(
    tmp_path: Path, run: Run, name: str, content: bytes
) -> None:
    written(tmp_path, run, 2)
    assert checkpoints.read(tmp_path) is not None
    (tmp_path / name).write_bytes(content)
    assert checkpoints.read(tmp_path) is None


def test_there_is_none_where_nothing_is(tmp_path: Path, run: Run) -> None:
    assert checkpoints.read(tmp_path / "nothing") is None
    written(tmp_path / "some", run, 1)
    checkpoints.discard(tmp_path / "some")
    assert not (tmp_path / "some").exists()
    checkpoints.discard(tmp_path / "some")


def test_other_code_and_other_settings_are_told_apart(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(run, settings={**run.settings, "ewc_lambda": 11.0})
    assert checkpoints.folder(tmp_path, other) != checkpoints.folder(tmp_path, run)
    written(tmp_path, run, 1)
    found = checkpoints.read(tmp_path)
    assert found is not None
    assert found.code == checkpoints.code_digest()
    checkpoints.code_digest.cache_clear()
    monkeypatch.setattr(checkpoints, "version", lambda package: "0.0")
    assert checkpoints.code_digest() != asdict(found)["code"]
    checkpoints.code_digest.cache_clear()
