"""Data sets from torchvision's downloads, read in the order that the published files have."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.config.suggestions import unknown
from harness.data.sources import by_drawer

if TYPE_CHECKING:
    from harness.data.sources import Split


def fetch(name: str, folder: Path) -> None:
    """Download a data set's original files, if they are not there.

    Args:
        name: key of `READERS`.
        folder: where they go.

    Raises:
        ValueError: there is no such data set.
        OSError: there is no network, or the server refuses.
        RuntimeError: what came is damaged.
    """
    from torchvision.datasets import CIFAR100, FashionMNIST, Omniglot

    if name == "fashion_mnist":
        FashionMNIST(str(folder), download=True)
    elif name == "cifar100":
        CIFAR100(str(folder), download=True)
    elif name == "omniglot":
        for background in (True, False):
            Omniglot(str(folder), background=background, download=True)
    else:
        raise ValueError(unknown("data set to download", name, READERS))


def fashion_mnist(folder: Path, split: str) -> Split:
    """The idx files, in their order."""
    from torchvision.datasets import FashionMNIST

    part = FashionMNIST(str(folder), train=split == "train")
    labels = part.targets.numpy().astype(np.int64)
    return part.data.numpy()[:, None], labels, np.zeros_like(labels)


def cifar100(folder: Path, split: str) -> Split:
    """The pickle of a split, sorted by fine label and then by file name."""
    with (folder / "cifar-100-python" / split).open("rb") as file:
        entry = pickle.load(file, encoding="latin1")  # torchvision has checked its md5
    labels = np.array(entry["fine_labels"], dtype=np.int64)
    order = np.lexsort((np.array(entry["filenames"]), labels))
    pixels = np.asarray(entry["data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
    groups = np.array(entry["coarse_labels"], dtype=np.int64)
    return pixels[order], labels[order], groups[order]


def omniglot(folder: Path, split: str) -> Split:
    """The PNG files at 28 x 28 with bright ink, by alphabet, character and drawer."""
    from PIL import Image

    pixels, labels, groups, drawers = [], [], [], []
    roots = [folder / "omniglot-py" / part for part in ("images_background", "images_evaluation")]
    alphabets = [path for root in roots for path in sorted(root.iterdir()) if path.is_dir()]
    for group, alphabet in enumerate(alphabets):
        for label, character in enumerate(sorted(alphabet.iterdir())):
            for drawer, path in enumerate(sorted(character.glob("*.png"))):
                ink = 255 - np.asarray(Image.open(path).convert("L"))
                small = Image.fromarray(ink).resize((28, 28), Image.Resampling.LANCZOS)
                pixels.append(np.asarray(small))
                labels.append(label)
                groups.append(group)
                drawers.append(drawer)
    columns = np.array([labels, groups, drawers], dtype=np.int64)
    return by_drawer(np.stack(pixels), columns[0], columns[1], columns[2], split)


READERS: Final[dict[str, Callable[[Path, str], Split]]] = {
    "fashion_mnist": fashion_mnist,
    "cifar100": cifar100,
    "omniglot": omniglot,
}
"""How to read each data set's original files: a folder and "train" or "test" to a split."""
