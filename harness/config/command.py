"""What to type for a run; pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, Final

from harness.config.budgets import DEFAULT
from harness.config.resolution import TRAINING
from harness.config.run import Run

_OF_TRAINING: Final = f"{TRAINING}."


def command_of(run: Run) -> str:
    """The comparison that makes a run, and the seeds before it.

    Every setting of the method is named, so that it does not matter what is tuned meanwhile.

    Args:
        run: with a seed of comparisons, made without plugins.
    """
    words = ["python", "-m", "harness.compare", "--benchmark", run.benchmark]
    words += ["--scenario", run.scenario, "--methods", run.baseline, "--seeds", str(run.seed + 1)]
    if run.profile != DEFAULT:
        words += ["--profile", run.profile]
    for name, value in _assigned(run):
        words += ["--set", f"{name}={_typed(value)}"]
    return shlex.join(words)


def _assigned(run: Run) -> Iterator[tuple[str, Any]]:
    for name, value in run.settings.items():
        yield f"{run.baseline}.{name}", value
    for name, value in run.overrides.items():
        if name.startswith(_OF_TRAINING):
            yield name, value


def _typed(value: Any) -> str:
    """A value as `--set` takes it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
