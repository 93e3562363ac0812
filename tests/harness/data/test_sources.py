"""Data sets as they are published: mosaics, drawers, hashes and the cache."""

import hashlib
import io
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.data import datasets, sources
from harness.data import torchvision_sources as downloads
from harness.data.datasets import CACHE_VARIABLE, DataUnavailableError, TaskData, load
from harness.data.sources import SOURCES

DATA = os.environ.get("RMN_DATA", "")


def published(monkeypatch, folder, name, arrays):
    """A small file of the published format under its own hash, read in its own order."""
    path = folder / SOURCES[name].file
    np.savez(path, **arrays)
    with np.load(path) as kept:
        content = datasets.digest(datasets._named(lambda split: SOURCES[name].split(kept, split)))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    changed = replace(SOURCES[name], sha256=sha256, content=content, by_class=False)
    monkeypatch.setitem(SOURCES, name, changed)
    return path


def cifar(generator):
    """Two classes; 2 x 3 training tiles and 1 x 2 test tiles each, as lossless WebP mosaics."""
    arrays, images = {}, {}
    for split, (rows, columns) in {"train": (2, 3), "test": (1, 2)}.items():
        tiles = generator.integers(0, 256, (2, rows, columns, 32, 32, 3), dtype=np.uint8)
        parts = []
        for mosaic in tiles.transpose(0, 1, 3, 2, 4, 5).reshape(2, rows * 32, columns * 32, 3):
            buffer = io.BytesIO()
            Image.fromarray(mosaic).save(buffer, "webp", lossless=True, exact=True)
            parts.append(np.frombuffer(buffer.getvalue(), np.uint8))
        images[split] = tiles.reshape(-1, 32, 32, 3)
        arrays |= {
            f"{split}_webp": np.concatenate(parts),
            f"{split}_offsets": np.cumsum([0, *map(len, parts)]),
            f"{split}_grid": np.array([rows, columns]),
            f"{split}_labels": np.repeat([0, 1], rows * columns).astype(np.uint8),
            f"{split}_coarse": np.repeat([7, 3], rows * columns).astype(np.uint8),
        }
    return arrays, images


def test_mosaics_are_cut_into_the_right_tiles_once(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    arrays, images = cifar(np.random.default_rng(0))
    published(monkeypatch, tmp_path, "cifar100", arrays)
    for found, split in zip(load("cifar100", tmp_path), ("train", "test"), strict=True):
        assert found.pixels.dtype == torch.uint8
        assert np.array_equal(found.pixels.permute(0, 2, 3, 1), images[split])
        assert found.labels.tolist() == arrays[f"{split}_labels"].tolist()
        assert found.groups.tolist() == arrays[f"{split}_coarse"].tolist()
    datasets._read.cache_clear()
    monkeypatch.setitem(
        SOURCES, "cifar100", replace(SOURCES["cifar100"], split=lambda arrays, split: 1 / 0)
    )
    train, _ = load("cifar100", tmp_path)  # from the cache: nothing is decoded
    assert np.array_equal(train.pixels.permute(0, 2, 3, 1), images["train"])


def test_files_in_order_of_class_are_mixed_and_lose_nothing(monkeypatch, tmp_path):
    arrays = {
        "images": np.arange(200, dtype=np.uint8).repeat(784).reshape(200, 28, 28),
        "alphabet": np.zeros(200, np.uint8),
        "character_in_alphabet": np.arange(200, dtype=np.uint8) // 20,
        "drawer": np.tile(np.arange(20), 10).astype(np.uint8),
    }
    published(monkeypatch, tmp_path, "omniglot", arrays)
    mixed = replace(SOURCES["omniglot"], by_class=True)
    monkeypatch.setitem(SOURCES, "omniglot", mixed)
    train, _ = load("omniglot", tmp_path)
    assert len(train.labels[:40].unique()) > 5  # in the file's order: 3 characters
    assert torch.equal(train.labels, train.pixels[:, 0, 0, 0].long() // 20)
    assert len(train.pixels[:, 0, 0, 0].unique()) == len(train.labels) == 160
    datasets._read.cache_clear()
    again, _ = load("omniglot", tmp_path)
    assert torch.equal(train.pixels, again.pixels)


def test_a_damaged_cache_is_made_anew(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    arrays, images = cifar(np.random.default_rng(1))
    published(monkeypatch, tmp_path, "cifar100", arrays)
    load("cifar100", tmp_path)
    datasets._read.cache_clear()
    [kept] = (tmp_path / "cache").iterdir()
    with np.load(kept) as whole:
        altered = dict(whole)
    altered["train_pixels"] = 255 - altered["train_pixels"]
    np.savez(kept, **altered)
    train, _ = load("cifar100", tmp_path)
    assert np.array_equal(train.pixels.permute(0, 2, 3, 1), images["train"])


def test_omniglot_is_split_by_drawer(monkeypatch, tmp_path):
    generator = np.random.default_rng(0)
    alphabet = np.repeat([0, 0, 1], 20)
    arrays = {
        "images": generator.integers(0, 256, (60, 28, 28), dtype=np.uint8),
        "alphabet": alphabet.astype(np.uint8),
        "character_in_alphabet": np.repeat([0, 1, 0], 20).astype(np.uint8),
        "drawer": np.tile(np.arange(20), 3).astype(np.uint8),
    }
    published(monkeypatch, tmp_path, "omniglot", arrays)
    train, test = load("omniglot", tmp_path)
    assert (len(train.labels), len(test.labels)) == (48, 12)
    assert np.array_equal(test.pixels[:4, 0], arrays["images"][16:20])
    assert train.groups.tolist() == [0] * 32 + [1] * 16
    assert test.labels.tolist() == [0] * 4 + [1] * 4 + [0] * 4


@pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")
@pytest.mark.parametrize("name", ["fashion_mnist", "cifar100", "omniglot"])
def test_the_published_files_are_whole(name):
    counts = {"fashion_mnist": (6000, 1000), "cifar100": (500, 100), "omniglot": None}
    train, test = load(name, Path(DATA))
    if counts[name]:
        for images, count in zip((train, test), counts[name], strict=True):
            assert set(torch.bincount(images.labels).tolist()) == {count}
    else:
        assert len(train.labels) + len(test.labels) == 32460
        assert train.groups.max() == 49
        assert train.labels.max() == 54


@pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")
def test_cifar_is_pixel_for_pixel_what_was_published(monkeypatch):
    monkeypatch.setitem(SOURCES, "cifar100", replace(SOURCES["cifar100"], by_class=False))
    path = Path(DATA) / SOURCES["cifar100"].file
    with np.load(path) as arrays:
        for images, split in zip(load("cifar100", Path(DATA)), ("train", "test"), strict=True):
            pixels = np.ascontiguousarray(images.pixels.permute(0, 2, 3, 1))
            assert hashlib.sha256(pixels.data).hexdigest() == str(arrays[f"{split}_sha256"])


@pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")
def test_photos_are_standardised_by_the_channels_of_the_training_split():
    train, test = load("cifar100", Path(DATA))
    inputs = TaskData(train).inputs()
    torch.testing.assert_close(inputs.mean((0, 2, 3)), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close(inputs.std((0, 2, 3)), torch.ones(3), atol=1e-3, rtol=0)
    first = (test.pixels[0, 1, 2, 3] / 255 - 0.4866) / 0.2564  # green
    torch.testing.assert_close(TaskData(test[:1]).inputs()[0, 1, 2, 3], first)


def test_an_altered_file_is_named(monkeypatch, tmp_path):
    path = tmp_path / "omniglot.npz"
    np.savez(path, images=np.zeros(3))
    with pytest.raises(DataUnavailableError, match=r"omniglot\.npz is damaged or altered: sha256"):
        load("omniglot", tmp_path)


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cifar100\.npz is missing; .*--data or RMN_DATA"):
        load("cifar100", tmp_path)
    assert sources.SOURCES["mnist"].packaged


def test_downloads_end_in_the_same_splits(tmp_path):
    """The original files' formats, written from the arrays that the published files have."""
    generator = np.random.default_rng(0)
    arrays, images = cifar(generator)
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for split in ("train", "test"):
        labels, coarse = arrays[f"{split}_labels"], arrays[f"{split}_coarse"]
        names = [f"picture_{n:03d}.png" for n in range(len(labels))]
        shuffled = generator.permutation(len(labels))
        entry = {
            "data": images[split].transpose(0, 3, 1, 2).reshape(len(labels), -1)[shuffled],
            "fine_labels": labels[shuffled].tolist(),
            "coarse_labels": coarse[shuffled].tolist(),
            "filenames": [names[n] for n in shuffled],
        }
        (folder / split).write_bytes(pickle.dumps(entry))
        for found, wanted in zip(
            downloads.cifar100(tmp_path, split),
            SOURCES["cifar100"].split(arrays, split),
            strict=True,
        ):
            assert np.array_equal(found, wanted)


@pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")
def test_original_drawings_end_in_the_same_pixels(tmp_path):
    with np.load(Path(DATA) / SOURCES["omniglot"].file) as arrays:
        columns = ("images", "packed", "alphabet", "character_in_alphabet", "drawer")
        few = {name: arrays[name] for name in columns}
    chosen = np.isin(few["alphabet"], [0, 30]) & (few["character_in_alphabet"] < 3)
    few = {name: column[chosen] for name, column in few.items()}
    for part in ("images_background", "images_evaluation"):
        (tmp_path / "omniglot-py" / part).mkdir(parents=True)
    for bits, alphabet, character, drawer in zip(
        *(few[n] for n in ("packed", "alphabet", "character_in_alphabet", "drawer")), strict=True
    ):
        part = "images_background" if alphabet < 30 else "images_evaluation"
        folder = tmp_path / "omniglot-py" / part / f"a{alphabet}" / f"character{character + 1:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        ink = np.unpackbits(bits, count=105 * 105).reshape(105, 105)
        Image.fromarray((1 - ink) * np.uint8(255)).convert("1").save(
            folder / f"0001_{drawer + 1:02d}.png"
        )
    few["alphabet"] = np.unique(few["alphabet"], return_inverse=True)[1]
    for split in ("train", "test"):
        found = downloads.omniglot(tmp_path, split)
        wanted = SOURCES["omniglot"].split(few, split)
        assert all(map(np.array_equal, found, wanted))


def test_without_a_network_it_says_what_to_name(monkeypatch, tmp_path):
    def fail(name, folder):
        raise OSError("no route to host")

    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(downloads, "fetch", fail)
    with pytest.raises(FileNotFoundError, match=r"no route to host.*--data or RMN_DATA"):
        load("omniglot")
