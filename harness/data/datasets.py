"""Data sets as tensors: what is on disk, checked by hash, and nothing derived."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.data.sources import SOURCES, Source

if TYPE_CHECKING:
    from harness.data.sources import Split

Splits = dict[str, NDArray[Any]]
"""Pixels, labels and groups of both splits, such as `train_pixels`."""

PACKAGED: Final = Path(__file__).parent
"""Data sets that ship with the package: MNIST."""

CACHE_VARIABLE: Final = "RMN_CACHE"
"""Environment variable that names the folder of decoded data sets."""

_UNFINISHED: Final = ".unfinished-"
_DAY: Final = 24 * 60 * 60

_BLACK: Final = torch.zeros(1, 1, 1)
_WHITE: Final = torch.full((1, 1, 1), 255.0)


class DataUnavailableError(FileNotFoundError):
    """A data set cannot be had: missing, not to be downloaded, or not the published one."""


@dataclass(frozen=True, slots=True)
class Images:
    """One split of a data set.

    Attributes:
        pixels: uint8, (n, channels, height, width); inputs of other kinds are float32, (n, ...).
        labels: int64, (n,).
        groups: int64, (n,): alphabet of Omniglot, coarse class of CIFAR-100, task of an example
            where the data say it, 0 elsewhere.
        zero: pixel value that is 0 as a network's input, broadcast to (channels, height, width).
        unit: difference of pixel values that is 1 as a network's input, likewise.
    """

    pixels: Tensor
    labels: Tensor
    groups: Tensor
    zero: Tensor = _BLACK
    unit: Tensor = _WHITE

    def __getitem__(self, chosen: Tensor | slice) -> Images:
        """Some of the images."""
        return replace(
            self,
            pixels=self.pixels[chosen],
            labels=self.labels[chosen],
            groups=self.groups[chosen],
        )


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
        """Network inputs, float32, shape of the pixels; in [0, 1] unless they are standardised."""
        images = self.images
        if isinstance(indices, Tensor):  # ten times faster than pixels[indices]
            chosen = images.pixels.index_select(0, indices).float()
        else:
            chosen = images.pixels[indices].to(torch.float32, copy=True)
        chosen = chosen.sub_(images.zero).div_(images.unit)
        if self.permutation is not None:  # of floats: five times faster than of bytes
            chosen = chosen.flatten(1).index_select(1, self.permutation).view_as(chosen)
        return chosen


def load(name: str, data: Path | None = None) -> tuple[Images, Images]:
    """The training and the test split of a data set; read once a process.

    Args:
        name: key of `harness.data.sources.SOURCES`.
        data: folder that holds the source's file; None for the packaged one or, where none is
            packaged, for torchvision's download.

    Raises:
        DataUnavailableError: the file is not there, cannot be downloaded, or is not the published
            one; says how to get it.
    """
    source = SOURCES[name]
    if data is None and not source.packaged:
        return _downloaded(name)
    path = (data or PACKAGED) / source.file
    if not path.is_file():
        raise DataUnavailableError(f"{path} is missing; {how_to_get(name)}")
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
        raise DataUnavailableError(
            f"{path} is damaged or altered: sha256 {found}, not {source.sha256}; "
            "put the published file there"
        )

    def splits() -> Splits:
        with np.load(path, allow_pickle=False) as arrays:
            return _named(lambda split: source.split(arrays, split))

    return _images(_cached(path.stem, source, splits) if source.slow else splits(), source)


@lru_cache(maxsize=2)
def _downloaded(name: str) -> tuple[Images, Images]:
    from harness.data.torchvision_sources import READERS, fetch

    originals = _cache() / "originals"

    def splits() -> Splits:
        try:
            originals.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataUnavailableError(
                f"{originals} cannot be made for the download ({error}); name a folder that can be "
                f"written by {CACHE_VARIABLE}, or {how_to_get(name)}"
            ) from error
        with (originals / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # one worker downloads, the others wait
            try:
                fetch(name, originals)
            except (OSError, RuntimeError) as error:
                raise DataUnavailableError(
                    f"cannot download: {error}; {how_to_get(name)}"
                ) from error
        return _named(lambda split: READERS[name](originals, split))

    return _images(_cached(name, SOURCES[name], splits), SOURCES[name])


_SPLITS: Final = ("train", "test")
_PARTS: Final = ("pixels", "labels", "groups")


def _named(read: Callable[[str], Split]) -> Splits:
    return {
        f"{split}_{part}": np.ascontiguousarray(array)
        for split in _SPLITS
        for part, array in zip(_PARTS, read(split), strict=True)
    }


def _images(splits: Splits, source: Source) -> tuple[Images, Images]:
    train, test = (
        Images(*(torch.from_numpy(splits[f"{split}_{part}"]) for part in _PARTS))
        for split in _SPLITS
    )
    if source.channels is not None:
        mean, deviation = (255 * torch.tensor(values)[:, None, None] for values in source.channels)
        train, test = (replace(part, zero=mean, unit=deviation) for part in (train, test))
    return (_mixed(train), _mixed(test)) if source.by_class else (train, test)


def _mixed(images: Images) -> Images:
    """The same examples in an order that is the same for ever, in which any part is fair."""
    generator = torch.Generator().manual_seed(0)
    return images[torch.randperm(len(images.labels), generator=generator)]


def _cached(name: str, source: Source, make: Callable[[], Splits]) -> Splits:
    """The splits from the cache if it holds them whole; else made, checked and put there.

    Raises:
        DataUnavailableError: what was made is not the published data set.
    """
    cached = _cache() / f"{name}-{source.content[:16]}.npz"
    splits = _kept(cached)
    if splits is not None and digest(splits) == source.content:
        return splits
    splits = make()
    if (found := digest(splits)) != source.content:
        raise DataUnavailableError(
            f"{name} is not the published data set: sha256 {found} of its splits"
        )
    try:
        _keep(splits, cached)
    except OSError as error:  # a full disk, or somebody else's folder
        warnings.warn(
            f"{name} is decoded anew by every process, because it cannot be kept in "
            f"{cached.parent} ({error}); {CACHE_VARIABLE} names another folder",
            stacklevel=2,
        )
    return splits


def _kept(cached: Path) -> Splits | None:
    """The arrays in a file of the cache; None if there is none, or it cannot be read."""
    if not cached.is_file():
        return None
    try:
        with np.load(cached, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except Exception:  # whatever is wrong with it, and zip files can be wrong in many ways
        return None


def _keep(splits: Splits, cached: Path) -> None:
    """Put arrays into the cache, whole or not at all, for everybody to read.

    Args:
        splits: the arrays.
        cached: where to; replaced if it is there.

    Raises:
        OSError: they cannot be put there.
    """
    cached.parent.mkdir(parents=True, exist_ok=True)
    _sweep(cached.parent)
    file, unfinished = tempfile.mkstemp(prefix=_UNFINISHED, dir=cached.parent)
    try:
        with os.fdopen(file, "wb") as target:
            np.savez(target, allow_pickle=False, **splits)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(cached)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Delete what killed processes left half-written a day ago or earlier."""
    for leftover in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _DAY:
                leftover.unlink()


def digest(splits: Splits) -> str:
    """SHA-256 of the splits' names, types, shapes and content, in the order of the names."""
    hashed = hashlib.sha256()
    for name in sorted(splits):
        array = np.ascontiguousarray(splits[name])
        hashed.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        hashed.update(array.data)
    return hashed.hexdigest()


def _cache() -> Path:
    return Path(os.environ.get(CACHE_VARIABLE, Path.home() / ".cache" / "rmn-harness"))
