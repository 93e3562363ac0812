"""Where each data set comes from: its file, its hash, and how its arrays become images."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
Split = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]
"""Pixels (n, channels, height, width), labels (n,), groups (n,)."""

_TEST_DRAWERS: Final = 4  # of Omniglot's 20, the last ones: a split of 80 to 20


@dataclass(frozen=True, slots=True)
class Source:
    """A published file and how to read it.

    Attributes:
        file: its name.
        sha256: of its content.
        split: the training or the test split ("train", "test") from the file's arrays.
        packaged: whether the file is part of this package.
        decoded: whether reading it takes long enough that the result is kept on disk.
    """

    file: str
    sha256: str
    split: Callable[[Arrays, str], Split]
    packaged: bool = False
    decoded: bool = False


def _grey(arrays: Arrays, name: str) -> Split:
    """MNIST and Fashion-MNIST: (n, 28, 28) arrays."""
    labels = arrays[f"{name}_labels"].astype(np.int64)
    return arrays[f"{name}_images"][:, None], labels, np.zeros_like(labels)


def _cifar(arrays: Arrays, name: str) -> Split:
    """CIFAR-100: one lossless WebP mosaic of 32 x 32 tiles per fine class; groups: coarse."""
    from PIL import Image

    data, offsets = arrays[f"{name}_webp"], arrays[f"{name}_offsets"]
    rows, columns = arrays[f"{name}_grid"]
    tiles = []
    for start, end in pairwise(offsets):
        mosaic = np.asarray(Image.open(io.BytesIO(data[start:end].tobytes())).convert("RGB"))
        mosaic = mosaic.reshape(rows, 32, columns, 32, 3).transpose(0, 2, 4, 1, 3)
        tiles.append(mosaic.reshape(-1, 3, 32, 32))
    labels = arrays[f"{name}_labels"].astype(np.int64)
    return np.concatenate(tiles), labels, arrays[f"{name}_coarse"].astype(np.int64)


def _omniglot(arrays: Arrays, name: str) -> Split:
    """Omniglot at 28 x 28: labels within the alphabet, groups: alphabets, split by drawer."""
    drawers = arrays["drawer"]
    first_test = int(drawers.max()) + 1 - _TEST_DRAWERS
    chosen = drawers >= first_test if name == "test" else drawers < first_test
    labels = arrays["character_in_alphabet"][chosen].astype(np.int64)
    return arrays["images"][chosen][:, None], labels, arrays["alphabet"][chosen].astype(np.int64)


SOURCES: Final = {
    "mnist": Source(
        "mnist.npz",
        "c8ca71ad62d22263ab46d0b5a815db8a64618c94fa6e7bc9f48a2c68964b1f12",
        _grey,
        packaged=True,
    ),
    "fashion_mnist": Source(
        "fashion-mnist.npz",
        "08bca0e459ba0017bd7257f09a605291dabad7bce250d58a21f00a288732ffab",
        _grey,
    ),
    "cifar100": Source(
        "cifar100.npz",
        "0e355563d58ceba13ecdde31a3862ba39185123ac77fbc2a70a05af865db9352",
        _cifar,
        decoded=True,
    ),
    "omniglot": Source(
        "omniglot.npz",
        "dc6c189098ab7151c010d5398f043ecaf79129f053e5cc40c9b20cafc41afc02",
        _omniglot,
    ),
}
