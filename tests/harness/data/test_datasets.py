"""Data sets as tensors: inputs, hashes, the cache, and what is said when a file is not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from harness.data import datasets
from harness.data import torchvision_sources as downloads
from harness.data.datasets import (
    CACHE_VARIABLE,
    PACKAGED,
    DataUnavailableError,
    Images,
    TaskData,
    digest,
    how_to_get,
    load,
)
from harness.data.sources import SOURCES

DATA = os.environ.get("RMN_DATA", "")

Arrays = dict[str, NDArray[Any]]
Mosaics = Callable[[int], tuple[Arrays, Arrays]]

needs_data = pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")


class Publish(Protocol):
    """Writes a small file of the published format under its own hash, read in its own order."""

    def __call__(self, name: str, arrays: Arrays) -> Path: ...


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Publish]:
    """Files go to `tmp_path`; nothing is remembered, and nothing put into the user's cache."""

    def published(name: str, arrays: Arrays) -> Path:
        path = tmp_path / SOURCES[name].file
        np.savez(path, allow_pickle=False, **arrays)
        splits: Arrays = {}
        for split in ("train", "test"):
            pixels, labels, groups = SOURCES[name].split(arrays, split)
            splits |= {f"{split}_pixels": pixels, f"{split}_labels": labels}
            splits[f"{split}_groups"] = groups
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        changed = replace(SOURCES[name], sha256=sha256, content=digest(splits), by_class=False)
        monkeypatch.setitem(SOURCES, name, changed)
        return path

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    forget()
    yield published
    forget()


def forget() -> None:
    """Read every file anew."""
    datasets._read.cache_clear()
    datasets._downloaded.cache_clear()


def pixels_of(images: Images) -> NDArray[Any]:
    """Channels last, as published."""
    array: NDArray[Any] = images.pixels.permute(0, 2, 3, 1).numpy()
    return array


def images(pixels: Tensor) -> Images:
    """Labelled by their numbers."""
    return Images(pixels, torch.arange(len(pixels)), torch.zeros(len(pixels)).long())


def test_inputs_are_between_zero_and_one() -> None:
    pixels = torch.tensor([[0, 51], [255, 102]], dtype=torch.uint8).reshape(2, 1, 1, 2)
    inputs = TaskData(images(pixels)).inputs()
    torch.testing.assert_close(inputs.flatten(), torch.tensor([0, 0.2, 1, 0.4]))


def test_inputs_are_standardised_by_channel() -> None:
    pixels = torch.full((1, 2, 1, 1), 100, dtype=torch.uint8)
    zero, unit = torch.tensor([50.0, 90.0]), torch.tensor([25.0, 2.0])
    standardised = replace(images(pixels), zero=zero[:, None, None], unit=unit[:, None, None])
    assert TaskData(standardised).inputs().flatten().tolist() == [2, 5]


@given(st.integers(1, 9), st.integers(0, 99), st.booleans(), st.data())
def test_indices_and_slices_give_the_same_inputs(
    number: int, seed: int, permuted: bool, data: st.DataObject
) -> None:
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (number, 2, 3, 2), generator=generator, dtype=torch.uint8)
    order = torch.randperm(12, generator=generator) if permuted else torch.arange(12)
    task = TaskData(images(pixels), order if permuted else None)
    chosen = data.draw(st.lists(st.integers(0, number - 1), min_size=1, max_size=12))
    found = task.inputs(torch.tensor(chosen))
    assert found.dtype == torch.float32
    for row, index in zip(found, chosen, strict=True):
        flat = [
            pixels[index].flatten()[at].item() / 255 for at in (order if permuted else range(12))
        ]
        assert row.flatten().tolist() == pytest.approx(flat)
        assert torch.equal(row, task.inputs(slice(index, index + 1))[0])


def test_some_of_the_images_keep_their_labels_and_groups() -> None:
    whole = Images(
        torch.arange(4, dtype=torch.uint8).reshape(4, 1, 1, 1),
        torch.tensor([3, 2, 1, 0]),
        torch.tensor([7, 7, 8, 8]),
        unit=torch.ones(1, 1, 1),
    )
    part = whole[torch.tensor([2, 0])]
    assert part.pixels.flatten().tolist() == [2, 0]
    assert (part.labels.tolist(), part.groups.tolist()) == ([1, 3], [8, 7])
    assert part.unit is whole.unit
    assert whole[1:2].labels.tolist() == [2]


arrays_of_bytes = st.dictionaries(
    st.sampled_from(["train_pixels", "train_labels", "test_pixels"]),
    st.binary(min_size=1, max_size=6).map(lambda content: np.frombuffer(content, np.uint8)),
    min_size=1,
)


@given(arrays_of_bytes, st.data())
def test_a_digest_is_of_names_and_content_and_of_no_order(
    splits: Arrays, data: st.DataObject
) -> None:
    reordered = {name: splits[name].copy() for name in reversed(list(splits))}
    assert digest(reordered) == digest(splits)
    name = data.draw(st.sampled_from(sorted(splits)))
    changed = {**splits, name: splits[name] ^ 1}
    assert digest(changed) != digest(splits)
    renamed = {("x" if key == name else key): array for key, array in splits.items()}
    assert digest(renamed) != digest(splits)


def test_slow_files_are_decoded_once(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mosaics: Mosaics
) -> None:
    arrays, wanted = mosaics(0)
    publish("cifar100", arrays)
    for found, split in zip(load("cifar100", tmp_path), ("train", "test"), strict=True):
        assert found.pixels.dtype == torch.uint8
        assert np.array_equal(pixels_of(found), wanted[split])
        assert found.labels.tolist() == arrays[f"{split}_labels"].tolist()
        assert found.groups.tolist() == arrays[f"{split}_coarse"].tolist()
    forget()

    def refuse(arrays: Any, split: str) -> Any:
        raise AssertionError("it was decoded again")

    monkeypatch.setitem(SOURCES, "cifar100", replace(SOURCES["cifar100"], split=refuse))
    train, _ = load("cifar100", tmp_path)
    assert np.array_equal(pixels_of(train), wanted["train"])


def test_a_damaged_cache_is_made_anew(publish: Publish, tmp_path: Path, mosaics: Mosaics) -> None:
    arrays, wanted = mosaics(1)
    publish("cifar100", arrays)
    load("cifar100", tmp_path)
    [kept] = (tmp_path / "cache").iterdir()
    with np.load(kept) as whole:
        altered = dict(whole)
    altered["train_pixels"] = 255 - altered["train_pixels"]
    np.savez(kept, allow_pickle=False, **altered)
    for _ in range(2):
        forget()
        train, _ = load("cifar100", tmp_path)
        assert np.array_equal(pixels_of(train), wanted["train"])
        kept.write_bytes(b"no file of arrays")


def test_files_in_order_of_class_are_mixed_and_lose_nothing(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arrays: Arrays = {
        "images": np.arange(200, dtype=np.uint8).repeat(784).reshape(200, 28, 28),
        "alphabet": np.zeros(200, np.uint8),
        "character_in_alphabet": np.arange(200, dtype=np.uint8) // 20,
        "drawer": np.tile(np.arange(20), 10).astype(np.uint8),
    }
    publish("omniglot", arrays)
    mixed = replace(SOURCES["omniglot"], by_class=True)
    monkeypatch.setitem(SOURCES, "omniglot", mixed)
    train, _ = load("omniglot", tmp_path)
    assert len(set(train.labels[:40].tolist())) > 5  # in the file's order: 3 characters
    assert torch.equal(train.labels, train.pixels[:, 0, 0, 0].long() // 20)
    assert len(set(train.pixels[:, 0, 0, 0].tolist())) == len(train.labels) == 160
    forget()
    again, _ = load("omniglot", tmp_path)
    assert torch.equal(train.pixels, again.pixels)


def test_a_file_is_read_once_a_process() -> None:
    assert load("mnist")[0] is load("mnist", PACKAGED)[0]


def test_an_altered_file_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "omniglot.npz", images=np.zeros(3))
    with pytest.raises(DataUnavailableError, match=r"omniglot\.npz is damaged or altered: sha256"):
        load("omniglot", tmp_path)
    (tmp_path / "mnist.npz").write_bytes((PACKAGED / "mnist.npz").read_bytes()[:-1])
    with pytest.raises(DataUnavailableError, match="sha256"):
        load("mnist", tmp_path)


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"cifar100\.npz is missing; .*--data or RMN_DATA"):
        load("cifar100", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"mnist\.npz is missing; leave out --data"):
        load("mnist", tmp_path)
    assert "omniglot.npz" in how_to_get("omniglot")


@pytest.mark.usefixtures("publish")
def test_without_a_network_it_says_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, folder: Path) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(downloads, "fetch", fail)
    with pytest.raises(FileNotFoundError, match=r"no route to host.*--data or RMN_DATA"):
        load("omniglot")


@pytest.mark.usefixtures("publish")
def test_a_cache_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMN_CACHE", "/dev/null/cache")
    with pytest.raises(FileNotFoundError, match=r"/dev/null/cache/originals .* by RMN_CACHE, or"):
        load("omniglot")


def test_a_download_that_is_not_the_published_data_set_is_refused(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mosaics: Mosaics
) -> None:
    arrays, wanted = mosaics(2)
    split = SOURCES["cifar100"].split
    publish("cifar100", arrays)
    monkeypatch.setattr(downloads, "fetch", lambda name, folder: None)
    readers = downloads.READERS
    monkeypatch.setitem(readers, "cifar100", lambda folder, name: split(arrays, name))
    train, _ = load("cifar100")
    assert np.array_equal(pixels_of(train), wanted["train"])
    forget()
    for kept in (tmp_path / "cache").glob("*.npz"):
        kept.unlink()
    other, _ = mosaics(3)
    monkeypatch.setitem(readers, "cifar100", lambda folder, name: split(other, name))
    with pytest.raises(DataUnavailableError, match="cifar100 is not the published data set"):
        load("cifar100")


@needs_data
@pytest.mark.parametrize(
    ("name", "counts"), [("fashion_mnist", (6000, 1000)), ("cifar100", (500, 100))]
)
def test_every_class_has_as_many_examples(name: str, counts: tuple[int, int]) -> None:
    for found, count in zip(load(name, Path(DATA)), counts, strict=True):
        assert set(torch.bincount(found.labels).tolist()) == {count}


@needs_data
def test_omniglot_has_fifty_alphabets() -> None:
    train, test = load("omniglot", Path(DATA))
    assert len(train.labels) + len(test.labels) == 32460
    assert train.groups.max() == 49
    assert train.labels.max() == 54


@needs_data
def test_photos_are_standardised_by_the_channels_of_the_training_split() -> None:
    train, test = load("cifar100", Path(DATA))
    inputs = TaskData(train).inputs()
    torch.testing.assert_close(inputs.mean((0, 2, 3)), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(inputs.std((0, 2, 3)), torch.ones(3), atol=1e-3, rtol=0)
    first = (test.pixels[0, 1, 2, 3] / 255 - 0.4866) / 0.2564  # green
    torch.testing.assert_close(TaskData(test[:1]).inputs()[0, 1, 2, 3], first)


@needs_data
def test_cifar_is_pixel_for_pixel_what_was_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "cifar100", replace(SOURCES["cifar100"], by_class=False))
    with np.load(Path(DATA) / SOURCES["cifar100"].file) as arrays:
        for found, split in zip(load("cifar100", Path(DATA)), ("train", "test"), strict=True):
            pixels = np.ascontiguousarray(pixels_of(found))
            assert hashlib.sha256(pixels.data).hexdigest() == str(arrays[f"{split}_sha256"])
