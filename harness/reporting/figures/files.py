"""Drawings as files whose bytes depend on what is drawn alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

_UNDATED: Final[Mapping[str, Mapping[str, Any]]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {"Software": None},
}
"""Metadata that matplotlib leaves out of each kind of file: times and versions."""


def save(drawing: Figure, stem: Path, endings: Sequence[str]) -> Path:
    """Write a drawing in its own size, once for each ending; the path of the first file.

    Args:
        drawing: what was drawn.
        stem: path of the files, without the ending.
        endings: kinds of files, such as "pdf", "svg" or "png".
    """
    paths = [stem.with_name(f"{stem.name}.{ending}") for ending in endings]
    for path, ending in zip(paths, endings, strict=True):
        drawing.savefig(path, metadata=dict(_UNDATED[ending]))
    return paths[0]
