"""A small data set in the published format of CIFAR-100."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Arrays = dict[str, NDArray[Any]]


def mosaics(seed: int) -> tuple[Arrays, Arrays]:
    """Two classes; 2 x 3 training tiles and 1 x 2 test tiles each, as lossless WebP mosaics.

    Returns:
        The file's arrays, and the images of each split, (n, 32, 32, 3) uint8.
    """
    generator = np.random.default_rng(seed)
    arrays: Arrays = {}
    images: Arrays = {}
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


@pytest.fixture(scope="session", name="mosaics")
def mosaics_fixture() -> Callable[[int], tuple[Arrays, Arrays]]:
    """See `mosaics`."""
    return mosaics
