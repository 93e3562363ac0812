"""The warnings that a run raises, for its record; nothing heavy is imported."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from harness.storage.provenance import without_paths

PACKAGES: Final = ("rmn", "baselines", "harness")
"""Whose warnings say something about a run. Those of libraries are the same in every run."""

_MOST: Final = 20
"""Texts that are kept of a run; more of them say no more."""


@contextmanager
def recorded_warnings(packages: Collection[str] = PACKAGES) -> Iterator[list[str]]:
    """Warnings raised meanwhile, each text once, in their order; they are shown as always.

    Each run is told anew what an earlier one of the process was told: Python shows a warning once.

    Args:
        packages: whose code raises them, wherever `stacklevel` says that it is.
    """
    texts: list[str] = []
    with warnings.catch_warnings():
        show = warnings.showwarning

        def note(message: Warning | str, *where: Any, **more: Any) -> None:
            text = without_paths(str(message)).encode(errors="backslashreplace").decode()
            if _raiser() in packages and text not in texts and len(texts) < _MOST:
                texts.append(text)
            show(message, *where, **more)

        warnings.showwarning = note
        yield texts


def _raiser() -> str:
    """The package of the code that raised the warning which is being shown."""
    frame = sys._getframe(2)  # what called `note`
    while frame.f_globals.get("__name__") == warnings.__name__ and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
