"""Data sets as tensors: what is on disk, checked by hash, and nothing derived."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

PACKAGED: Final = Path(__file__).parent / "data"
"""Data sets that ship with the package: MNIST."""

_SHA256: Final = {
    "mnist": "c8ca71ad62d22263ab46d0b5a815db8a64618c94fa6e7bc9f48a2c68964b1f12",
}


@dataclass(frozen=True, slots=True)
class Images:
    """One split of a data set.

    Attributes:
        pixels: uint8, (n, channels, height, width).
        labels: int64, (n,).
    """

    pixels: Tensor
    labels: Tensor


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
    """The training and the test split of a data set.

    Args:
        name: key of the data set, such as "mnist".
        data: folder that holds `<name>.npz`; None for the packaged one.

    Raises:
        FileNotFoundError: the file is not there; the message says how to get it.
        ValueError: the file is not the published one.
    """
    path = (data or PACKAGED) / f"{name}.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; put {name}.npz there, or leave out --data")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256[name]:
        raise ValueError(f"{path} is damaged or altered: sha256 {found}, not {_SHA256[name]}")
    with np.load(path, allow_pickle=False) as arrays:
        train, test = (
            Images(
                pixels=torch.from_numpy(arrays[f"{split}_images"]).unsqueeze(1),
                labels=torch.from_numpy(arrays[f"{split}_labels"]).long(),
            )
            for split in ("train", "test")
        )
    return train, test
