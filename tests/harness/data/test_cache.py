"""The cache of decoded images: rebuilt whatever is wrong with it, and never in the way."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.data import datasets
from harness.data.datasets import (
    CACHE_VARIABLE,
    PACKAGED,
    DataUnavailableError,
    Splits,
    _cached,
    _named,
    digest,
)
from harness.data.sources import SOURCES, Source

DATA: Final = os.environ.get("RMN_DATA", "")


def splits() -> Splits:
    """Those of a small data set."""
    generator = np.random.default_rng(0)
    made: Splits = {}
    for part in ("train", "test"):
        made[f"{part}_pixels"] = generator.integers(0, 256, (4, 3, 8, 8), dtype=np.uint8)
        made[f"{part}_labels"] = np.arange(4)
        made[f"{part}_groups"] = np.zeros(4, dtype=np.int64)
    return made


class Decoder:
    """Makes the splits and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Splits:
        self.calls += 1
        return splits()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source() -> Source:
    return replace(SOURCES["cifar100"], content=digest(splits()))


def same(found: Splits) -> bool:
    wanted = splits()
    return set(found) == set(wanted) and all(
        found[name].dtype == array.dtype and np.array_equal(found[name], array)
        for name, array in wanted.items()
    )


def kept(cache: Path) -> Path:
    [path] = cache.iterdir()
    return path


def test_what_is_kept_is_not_decoded_again_and_a_group_can_read_it(
    cache: Path, source: Source
) -> None:
    decode = Decoder()
    assert same(_cached("cifar100", source, decode))
    assert same(_cached("cifar100", source, decode))
    assert decode.calls == 1
    assert kept(cache).stat().st_mode & 0o777 == 0o644


def rewritten(change: Callable[[Splits], Splits]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        np.savez(path, allow_pickle=False, **change(splits()))

    return write


def altered(name: str, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Path], None]:
    return rewritten(lambda made: {**made, name: change(made[name])})


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def as_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def as_pickle(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{}], dtype=object), allow_pickle=True)


def content(what: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(what)

    return write


WRONG: Final[dict[str, Callable[[Path], None]]] = {
    "empty": content(b""),
    "text": content(b"version https://git-lfs.github.com/spec/v1"),
    "zip": content(b"PK\x03\x04" + bytes(99)),
    "cut": truncate,
    "array": as_array,
    "pickle": as_pickle,
    "other bytes": altered("train_pixels", lambda array: 255 - array),
    "channels last": altered("train_pixels", lambda array: array.reshape(4, 8, 8, 3)),
    "signed": altered("test_pixels", lambda array: array.view(np.int8)),
    "labels of 32 bits": altered("train_labels", lambda array: array.view(np.int32).reshape(2, 4)),
    "a part is missing": rewritten(lambda made: dict(list(made.items())[1:])),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_it_is_built_anew(wrong: str, cache: Path, source: Source) -> None:
    decode = Decoder()
    _cached("cifar100", source, decode)
    WRONG[wrong](kept(cache))
    assert same(_cached("cifar100", source, decode))
    assert same(_cached("cifar100", source, decode))
    assert decode.calls == 2


def test_a_full_disk_is_warned_of_and_leaves_nothing(
    cache: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: IO[bytes], **_: Any) -> None:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match=f"No space left on device.*{CACHE_VARIABLE} names"):
        assert same(_cached("cifar100", source, Decoder()))
    assert list(cache.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_warned_of(
    tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be kept"):
        assert same(_cached("cifar100", source, Decoder()))


def test_what_killed_processes_left_is_swept_a_day_later(cache: Path, source: Source) -> None:
    cache.mkdir()
    old, new = (cache / f"{datasets._UNFINISHED}{name}" for name in ("old", "new"))
    for path in (old, new):
        path.touch()
    day_before_yesterday = time.time() - 2 * datasets._DAY
    os.utime(old, (day_before_yesterday, day_before_yesterday))
    _cached("cifar100", source, Decoder())
    assert not old.exists()
    assert new.exists()


def test_what_is_not_the_published_data_set_is_refused_and_not_kept(
    cache: Path, source: Source
) -> None:
    def channels_last() -> Splits:
        made = splits()
        return {**made, "train_pixels": made["train_pixels"].reshape(4, 8, 8, 3)}

    with pytest.raises(DataUnavailableError, match="not the published data set"):
        _cached("cifar100", source, channels_last)
    assert not cache.exists()


@pytest.mark.parametrize("name", SOURCES)
def test_published_digests_are_those_of_the_published_files(name: str) -> None:
    source = SOURCES[name]
    if not (DATA or source.packaged):
        pytest.skip("RMN_DATA names no folder of data sets")
    with np.load((PACKAGED if source.packaged else Path(DATA)) / source.file) as arrays:
        assert digest(_named(lambda split: source.split(arrays, split))) == source.content
