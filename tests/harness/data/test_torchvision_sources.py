"""The original files' formats, written here by hand, are read as the published files are."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision.datasets
from numpy.typing import NDArray
from PIL import Image

from harness.data.sources import SOURCES
from harness.data.torchvision_sources import READERS, cifar100, fashion_mnist, fetch, omniglot

DATA = os.environ.get("RMN_DATA", "")

Arrays = dict[str, NDArray[Any]]


def test_whatever_is_not_packaged_can_be_downloaded() -> None:
    assert set(READERS) == {name for name, source in SOURCES.items() if not source.packaged}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("fashion_mnist", [("FashionMNIST", {})]),
        ("cifar100", [("CIFAR100", {})]),
        ("omniglot", [("Omniglot", {"background": True}), ("Omniglot", {"background": False})]),
    ],
)
def test_every_part_is_fetched(
    name: str,
    wanted: list[tuple[str, dict[str, bool]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetched: list[tuple[str, dict[str, bool]]] = []

    def recorder(kind: str) -> Callable[..., None]:
        def download(folder: str, *, download: bool, **part: bool) -> None:
            assert (folder, download) == (str(tmp_path), True)
            fetched.append((kind, part))

        return download

    for kind in ("FashionMNIST", "CIFAR100", "Omniglot"):
        monkeypatch.setattr(torchvision.datasets, kind, recorder(kind))
    fetch(name, tmp_path)
    assert fetched == wanted


def test_fashion_mnist_from_idx_files(tmp_path: Path) -> None:
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    written = {}
    for split, prefix, count in (("train", "train", 3), ("test", "t10k", 2)):
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = generator.integers(0, 10, count, dtype=np.uint8)
        head = struct.pack(">IIII", 0x803, count, 28, 28)  # unsigned bytes in three dimensions
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        head = struct.pack(">II", 0x801, count)
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(head + labels.tobytes())
        written[split] = (images, labels)
    for split, (images, labels) in written.items():
        pixels, found, groups = fashion_mnist(tmp_path, split)
        assert np.array_equal(pixels, images[:, None])
        assert found.tolist() == labels.tolist()
        assert groups.tolist() == [0] * len(labels)


@pytest.mark.parametrize("split", ["train", "test"])
def test_cifar_from_shuffled_pickles(
    split: str, tmp_path: Path, mosaics: Callable[[int], tuple[Arrays, Arrays]]
) -> None:
    arrays, images = mosaics(0)
    labels, coarse = arrays[f"{split}_labels"], arrays[f"{split}_coarse"]
    names = [f"picture_{number:03d}.png" for number in range(len(labels))]
    shuffled = np.random.default_rng(0).permutation(len(labels))
    entry = {
        "data": images[split].transpose(0, 3, 1, 2).reshape(len(labels), -1)[shuffled],
        "fine_labels": labels[shuffled].tolist(),
        "coarse_labels": coarse[shuffled].tolist(),
        "filenames": [names[number] for number in shuffled],
    }
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    (folder / split).write_bytes(pickle.dumps(entry))
    wanted = SOURCES["cifar100"].split(arrays, split)
    pixels, fine, groups = cifar100(tmp_path, split)
    assert np.array_equal(pixels, wanted[0])
    assert np.array_equal(fine, wanted[1])
    assert np.array_equal(groups, wanted[2])


def test_omniglot_from_drawings(tmp_path: Path) -> None:
    """Two alphabets of one and two characters, dark squares whose side tells the drawing."""
    drawings = [("images_background", "Greek", 1), ("images_evaluation", "Tengwar", 2)]
    for part, alphabet, characters in drawings:
        for character in range(characters):
            folder = tmp_path / "omniglot-py" / part / alphabet / f"character{character + 1:02d}"
            folder.mkdir(parents=True)
            for drawer in range(20):
                paper = np.full((105, 105), 255, np.uint8)
                paper[: 5 * (drawer + 1), : 5 * (drawer + 1)] = 0
                path = folder / f"0{character}_{drawer + 1:02d}.png"
                Image.fromarray(paper).convert("1").save(path)
    for split, drawers in (("train", range(16)), ("test", range(16, 20))):
        pixels, labels, groups = omniglot(tmp_path, split)
        count = len(drawers)
        assert pixels.shape == (3 * count, 1, 28, 28)
        assert labels.tolist() == [0] * count + [0] * count + [1] * count
        assert groups.tolist() == [0] * count + [1] * 2 * count
        ink = pixels.reshape(3, count, -1).sum(2) / 255 / 28**2
        shares = [(5 * (drawer + 1) / 105) ** 2 for drawer in drawers]
        np.testing.assert_allclose(ink, np.tile(shares, (3, 1)), atol=0.02)
        assert pixels[:, 0, 0, 0].min() > 240  # ink is bright


@pytest.mark.skipif(not DATA, reason="RMN_DATA names no folder of data sets")
def test_original_drawings_end_in_the_published_pixels(tmp_path: Path) -> None:
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
        wanted = SOURCES["omniglot"].split(few, split)
        pixels, labels, groups = omniglot(tmp_path, split)
        assert np.array_equal(pixels, wanted[0])
        assert np.array_equal(labels, wanted[1])
        assert np.array_equal(groups, wanted[2])


def test_nothing_is_downloaded_under_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'cifar100'"):
        fetch("cifar10", tmp_path)
    assert list(tmp_path.iterdir()) == []
