"""Where each data set comes from: its file, its hash, and how its arrays become images."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # --help names the files, and need not wait for numpy
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
        content: SHA-256 of the splits that come of it, whatever file they were read from
            (`harness.data.datasets.digest`).
        split: the training or the test split ("train", "test") from the file's arrays.
        packaged: whether the file is part of this package.
        by_class: whether the file has one class after the other, so that its first examples are
            no fair sample.
        channels: mean and standard deviation of each channel of the training pixels over 255, by
            which inputs are standardised; None for inputs in [0, 1].
        slow: whether reading it takes long enough that the decoded splits are cached on disk.
    """

    file: str
    sha256: str
    content: str
    split: Callable[[Arrays, str], Split]
    packaged: bool = False
    by_class: bool = False
    channels: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    slow: bool = False


def _grey(arrays: Arrays, name: str) -> Split:
    """MNIST and Fashion-MNIST: (n, 28, 28) arrays."""
    labels = arrays[f"{name}_labels"].astype("int64")
    return arrays[f"{name}_images"][:, None], labels, 0 * labels


def _padded(arrays: Arrays, name: str) -> Split:
    """MNIST with a black border of two pixels: (n, 32, 32) arrays."""
    import numpy as np

    pixels, labels, groups = _grey(arrays, name)
    return np.pad(pixels, ((0, 0), (0, 0), (2, 2), (2, 2))), labels, groups


def _cifar(arrays: Arrays, name: str) -> Split:
    """CIFAR-100: one lossless WebP mosaic of 32 x 32 tiles per fine class; groups: coarse."""
    import numpy as np
    from PIL import Image

    data, offsets = arrays[f"{name}_webp"], arrays[f"{name}_offsets"]
    rows, columns = arrays[f"{name}_grid"]
    tiles = []
    for start, end in pairwise(offsets):
        mosaic = np.asarray(Image.open(io.BytesIO(data[start:end].tobytes())).convert("RGB"))
        mosaic = mosaic.reshape(rows, 32, columns, 32, 3).transpose(0, 2, 4, 1, 3)
        tiles.append(mosaic.reshape(-1, 3, 32, 32))
    labels = arrays[f"{name}_labels"].astype("int64")
    return np.concatenate(tiles), labels, arrays[f"{name}_coarse"].astype("int64")


def _omniglot(arrays: Arrays, name: str) -> Split:
    """Omniglot at 28 x 28."""
    columns = (arrays[key] for key in ("character_in_alphabet", "alphabet", "drawer"))
    labels, groups, drawers = (column.astype("int64") for column in columns)
    return by_drawer(arrays["images"], labels, groups, drawers, name)


def by_drawer(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    drawers: NDArray[np.int64],
    name: str,
) -> Split:
    """Omniglot split by drawer.

    Args:
        images: (n, 28, 28), bright ink.
        labels: characters within their alphabet, (n,).
        groups: alphabets, (n,).
        drawers: 0 to 19, (n,).
        name: "train" or "test".
    """
    first_test = int(drawers.max()) + 1 - _TEST_DRAWERS
    chosen = drawers >= first_test if name == "test" else drawers < first_test
    return images[chosen][:, None], labels[chosen], groups[chosen]


_MNIST: Final = Source(
    "mnist.npz",
    "c8ca71ad62d22263ab46d0b5a815db8a64618c94fa6e7bc9f48a2c68964b1f12",
    "e1182bae325b626067770fa9696a81392f2aed8fd2f9bd3f9b091e0984d36ce9",
    _grey,
    packaged=True,
)

_PADDED_MNIST: Final = replace(
    _MNIST,
    content="b6dfc38b1efeac9d88b56f7862749ffd9e3b25778f93f82b1acb4acdfac72a72",
    split=_padded,
)

SOURCES: Final = {
    "mnist": _MNIST,
    "mnist_standardised": replace(_MNIST, channels=((0.1307,), (0.3081,))),
    "mnist_padded": _PADDED_MNIST,
    "mnist_padded_standardised": replace(_PADDED_MNIST, channels=((0.1000,), (0.2752,))),
    "fashion_mnist": Source(
        "fashion-mnist.npz",
        "08bca0e459ba0017bd7257f09a605291dabad7bce250d58a21f00a288732ffab",
        "85754dc62ecc49574454e48b2505e2c2f43d87449f1e413b3ac5f4b681a0eac1",
        _grey,
    ),
    "cifar100": Source(
        "cifar100.npz",
        "0e355563d58ceba13ecdde31a3862ba39185123ac77fbc2a70a05af865db9352",
        "0ed3d4cde8bf2a455e78f274466b9ed4dbf9a90da01ba3c4ad02a19de9a7f523",
        _cifar,
        by_class=True,
        channels=((0.5071, 0.4866, 0.4409), (0.2673, 0.2564, 0.2762)),
        slow=True,
    ),
    "omniglot": Source(
        "omniglot.npz",
        "dc6c189098ab7151c010d5398f043ecaf79129f053e5cc40c9b20cafc41afc02",
        "4a4957b1599226a58ecf96ec227c2a3b940025b221dce0fd24c36fbf7302b579",
        _omniglot,
        by_class=True,
    ),
}
