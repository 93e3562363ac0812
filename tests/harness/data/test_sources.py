"""Published files become images: tiles out of mosaics, drawers into splits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.config.benchmarks import BENCHMARKS
from harness.data.datasets import PACKAGED, TaskData, load
from harness.data.sources import SOURCES, by_drawer

Arrays = dict[str, NDArray[Any]]


def test_every_benchmarks_data_set_has_a_source() -> None:
    assert {benchmark.dataset for benchmark in BENCHMARKS.values()} == set(SOURCES)


def test_packaged_files_are_the_published_ones() -> None:
    packaged = [source for source in SOURCES.values() if source.packaged]
    assert packaged
    for source in packaged:
        content = (PACKAGED / source.file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == source.sha256


def test_grey_images_get_a_channel_and_no_group() -> None:
    pixels = np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
    arrays = {"test_images": pixels, "test_labels": np.array([9, 4], np.uint8)}
    found, labels, groups = SOURCES["fashion_mnist"].split(arrays, "test")
    assert found.shape == (2, 1, 28, 28)
    assert np.array_equal(found[:, 0], pixels)
    assert (labels.tolist(), groups.tolist()) == ([9, 4], [0, 0])
    assert labels.dtype == np.int64


def test_padded_images_have_a_black_border() -> None:
    pixels = np.full((2, 28, 28), 255, np.uint8)
    arrays = {"test_images": pixels, "test_labels": np.array([9, 4], np.uint8)}
    found, labels, _ = SOURCES["mnist_padded"].split(arrays, "test")
    assert found.shape == (2, 1, 32, 32)
    assert np.array_equal(found[:, 0, 2:-2, 2:-2], pixels)
    assert found.sum() == pixels.sum(dtype=np.int64)
    assert labels.tolist() == [9, 4]


def test_forms_of_mnist_are_standardised_by_what_is_in_them() -> None:
    for name in ("mnist_standardised", "mnist_padded_standardised"):
        images, _ = load(name)
        inputs = TaskData(images[:2000]).inputs()
        assert abs(float(inputs.mean())) < 0.02
        assert abs(float(inputs.std()) - 1) < 0.02


@pytest.mark.parametrize("split", ["train", "test"])
def test_mosaics_are_cut_into_the_right_tiles(
    split: str, mosaics: Callable[[int], tuple[Arrays, Arrays]]
) -> None:
    arrays, images = mosaics(0)
    pixels, labels, groups = SOURCES["cifar100"].split(arrays, split)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels.transpose(0, 2, 3, 1), images[split])
    assert labels.tolist() == arrays[f"{split}_labels"].tolist()
    assert groups.tolist() == arrays[f"{split}_coarse"].tolist()


def test_the_last_four_of_twenty_drawers_are_for_testing() -> None:
    arrays: Arrays = {
        "images": np.arange(60, dtype=np.uint8).repeat(784).reshape(60, 28, 28),
        "alphabet": np.repeat([0, 0, 1], 20).astype(np.uint8),
        "character_in_alphabet": np.repeat([0, 1, 0], 20).astype(np.uint8),
        "drawer": np.tile(np.arange(20), 3).astype(np.uint8),
    }
    train, test = (SOURCES["omniglot"].split(arrays, split) for split in ("train", "test"))
    assert test[0][:, 0, 0, 0].tolist() == [*range(16, 20), *range(36, 40), *range(56, 60)]
    assert train[2].tolist() == [0] * 32 + [1] * 16
    assert test[1].tolist() == [0] * 4 + [1] * 4 + [0] * 4


@given(st.permutations(range(20)), st.integers(1, 4))
def test_drawers_are_split_without_loss_in_any_order(order: list[int], characters: int) -> None:
    drawers = np.array(order * characters)
    labels = np.repeat(np.arange(characters), 20)
    images = np.arange(len(labels), dtype=np.uint8).repeat(784).reshape(-1, 28, 28)
    parts = [by_drawer(images, labels, labels + 7, drawers, split) for split in ("train", "test")]
    assert [len(part[1]) for part in parts] == [16 * characters, 4 * characters]
    numbers = np.concatenate([pixels[:, 0, 0, 0] for pixels, _, _ in parts])
    assert sorted(numbers.tolist()) == list(range(len(labels)))
    for (pixels, found, groups), allowed in zip(parts, (range(16), range(16, 20)), strict=True):
        where = pixels[:, 0, 0, 0]
        assert set(drawers[where]) <= set(allowed)
        assert found.tolist() == labels[where].tolist()
        assert groups.tolist() == (found + 7).tolist()
