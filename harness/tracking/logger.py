"""What a logger is: it shows the curves of a run in a tool that its user has. No torch here.

Loggers are found by being there, or registered by plugins. What they write is for looking at: the
results are what is stored (`harness.storage`), and a logger that fails does no harm to a run.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol

from baselines.registration import Registry
from harness.config.run import Run

Log = Callable[[Mapping[str, float], int], None]
"""Takes values by name, such as "test/average accuracy", and the number of epochs so far."""


class RunLogger(Protocol):
    """Receives the curves of one run."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Keep some values.

        Args:
            values: by name.
            step: number of epochs trained so far, over the whole stream.
        """

    def close(self) -> None:
        """The run has ended, however it did."""


LoggerFactory = Callable[[Run, Path], RunLogger]
"""Takes the run and a folder that is there, which all runs share."""


@dataclass(frozen=True, slots=True)
class Logger:
    """A kind of logger.

    Attributes:
        make: makes one for a run.
        library: module that it needs; "" for none.
    """

    make: LoggerFactory
    library: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether its library is there."""
        return not self.library or find_spec(self.library) is not None


_LOGGERS: Final = Registry[Logger](
    "loggers", lambda logger: logger.make.__module__, "harness.tracking"
)


def register_logger(name: str, *, library: str = "") -> Callable[[LoggerFactory], LoggerFactory]:
    """Decorator that makes a kind of logger known by the name that --log takes.

    Args:
        name: of the logger.
        library: see `Logger`.

    Raises:
        ValueError: the name is taken.
    """

    def registered(make: LoggerFactory) -> LoggerFactory:
        _LOGGERS.add(name, Logger(make, library))
        return make

    return registered


def loggers() -> dict[str, Logger]:
    """Every kind of logger by name, in alphabetical order."""
    return dict(sorted(_LOGGERS.known().items()))


@contextmanager
def logging(run: Run, names: tuple[str, ...], folder: Path) -> Iterator[Log]:
    """What a run is to be logged by, for the time of the block.

    A logger that fails says so once, and is left out from then on.

    Args:
        run: which.
        names: of the loggers; none to log nothing.
        folder: where to; made if it is not there.
    """
    made: dict[str, RunLogger] = {}

    def attempt(name: str, action: Callable[[], object]) -> None:
        try:
            action()
        except Exception:  # of a library: want of curves must not end a run
            made.pop(name, None)
            sys.stderr.write(f"--log {name} is left out:\n{traceback.format_exc()}")

    def make(name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        made[name] = loggers()[name].make(run, folder)

    def log(values: Mapping[str, float], step: int) -> None:
        for name, logger in list(made.items()):
            attempt(name, lambda logger=logger: logger.log(values, step))  # type: ignore[misc]

    for name in names:
        attempt(name, lambda name=name: make(name))  # type: ignore[misc]
    try:
        yield log
    finally:
        for name, logger in list(made.items()):
            attempt(name, logger.close)


def run_name(run: Run) -> str:
    """What a run is called in every tool, such as "split_mnist task-il ewc seed 0"."""
    return f"{run.benchmark} {run.scenario} {run}"


def parameters(run: Run) -> dict[str, object]:
    """All that a run was given, flat, for tools that show it beside the curves."""
    named = {"benchmark": run.benchmark, "scenario": run.scenario, "method": run.baseline}
    settings = {f"{run.baseline}.{name}": value for name, value in run.settings.items()}
    training = {f"training.{name}": value for name, value in run.training.items()}
    return {**named, "profile": run.profile, "seed": run.seed, **settings, **training}
