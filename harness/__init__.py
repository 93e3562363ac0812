"""The benchmark harness: from a command line to runs, tables, figures and a PDF.

Results as data frames are `load_metrics` and `load_rows` (`docs/metrics.md`):

    import harness

    metrics = harness.load_metrics("results", benchmark="split_mnist", metric="acc")

Importing this package imports neither pandas nor torch; naming these functions imports pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["load_metrics", "load_rows"]

if TYPE_CHECKING:
    from harness.analysis.frames import load_metrics, load_rows
else:

    def __getattr__(name: str) -> object:
        """A function of `__all__`, from the module that has it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from harness.analysis import frames

        return getattr(frames, name)
