"""Data sets as tensors: what is on disk, checked by hash, and nothing derived."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.sources import SOURCES, Source

PACKAGED: Final = Path(__file__).parent / "data"
"""Data sets that ship with the package: MNIST."""

CACHE_VARIABLE: Final = "RMN_CACHE"
"""Environment variable that names the folder of decoded data sets."""


@dataclass(frozen=True, slots=True)
class Images:
    """One split of a data set.

    Attributes:
        pixels: uint8, (n, channels, height, width).
        labels: int64, (n,).
        groups: int64, (n,): alphabet of Omniglot, coarse class of CIFAR-100, 0 elsewhere.
    """

    pixels: Tensor
    labels: Tensor
    groups: Tensor

    def __getitem__(self, chosen: Tensor | slice) -> Images:
        """Some of the images."""
        return Images(self.pixels[chosen], self.labels[chosen], self.groups[chosen])


@dataclass(frozen=True, slots=True)
class TaskData:
    """One split of one task.

    Attributes:
        images: pixels and labels; the pixels may be shared between tasks.
        permutation: order of the flattened pixels, (channels * height * width,); None for theirs.
    """

    images: Images
    permutation: Tensor | None = None

    def __len__(self) -> int:
        return len(self.images.labels)

    def inputs(self, indices: Tensor | slice = slice(None)) -> Tensor:
        """Network inputs, float32 in [0, 1], shape of the pixels."""
        pixels = self.images.pixels[indices]
        if self.permutation is not None:
            pixels = pixels.flatten(1)[:, self.permutation].view_as(pixels)
        return pixels.float().div_(255)


def load(name: str, data: Path | None = None) -> tuple[Images, Images]:
    """The training and the test split of a data set; read once a process.

    Args:
        name: key of `harness.sources.SOURCES`.
        data: folder that holds the source's file; None for the packaged one.

    Raises:
        FileNotFoundError: the file is not there; the message says how to get it.
        ValueError: the file is not the published one.
    """
    source = SOURCES[name]
    path = (data or PACKAGED) / source.file
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; {how_to_get(name)}")
    return _read(path.resolve(), source)


def how_to_get(name: str) -> str:
    """What to do about a data set that is not there."""
    source = SOURCES[name]
    if source.packaged:
        return f"leave out --data: {name} ships with the package"
    return f"name the folder that holds {source.file} by --data or RMN_DATA"


@lru_cache(maxsize=2)
def _read(path: Path, source: Source) -> tuple[Images, Images]:
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise ValueError(f"{path} is damaged or altered: sha256 {found}, not {source.sha256}")
    arrays = _cached(path, source) if source.decoded else _splits(path, source)
    images = [
        Images(*(torch.from_numpy(arrays[f"{split}_{part}"]) for part in _PARTS))
        for split in _SPLITS
    ]
    return images[0], images[1]


_SPLITS: Final = ("train", "test")
_PARTS: Final = ("pixels", "labels", "groups")


def _splits(path: Path, source: Source) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as arrays:
        return {
            f"{split}_{part}": np.ascontiguousarray(array)
            for split in _SPLITS
            for part, array in zip(_PARTS, source.split(arrays, split), strict=True)
        }


def _cached(path: Path, source: Source) -> Mapping[str, NDArray[Any]]:
    """The decoded splits, from the cache if it holds them whole."""
    folder = Path(os.environ.get(CACHE_VARIABLE, Path.home() / ".cache" / "rmn-harness"))
    kept = folder / f"{path.stem}-{source.sha256[:16]}.npz"
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as arrays:
            decoded = {name: arrays[name] for name in arrays.files if name != "sha256"}
            if str(arrays["sha256"]) == _digest(decoded):
                return decoded
    decoded = _splits(path, source)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".npz", delete=False) as unfinished:
        np.savez(unfinished, allow_pickle=False, sha256=np.array(_digest(decoded)), **decoded)
    Path(unfinished.name).replace(kept)
    return decoded


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    hashed = hashlib.sha256()
    for name in sorted(arrays):
        hashed.update(name.encode())
        hashed.update(np.ascontiguousarray(arrays[name]).data)
    return hashed.hexdigest()
