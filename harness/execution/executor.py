"""What an executor is: it makes runs somewhere and reports progress. No torch here."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from baselines.plugins import Plugin
from baselines.registration import Registry
from harness.config.run import Run
from harness.execution.scheduling import Schedule
from harness.experiment.progress import RunProgress


class FatalError(Exception):
    """No run can be made as configured; the message says what to type instead."""


@dataclass(frozen=True, slots=True)
class ExecutionConfig:
    """How the runs of one command are made; no part of any run's identity.

    Attributes:
        results: folder of all results.
        data: folder of the data sets; None for the packaged ones.
        device: "auto", "cpu" or "cuda".
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        jobs: at most this many runs at the same time; None: as many as the executor has room for.
        plugins: what every process that makes runs has to import.
        loggers: names of those that show the curves of runs (`harness.tracking`).
        logs: folder of the loggers, on the machine that makes a run.
        threads: of each run. With one, numbers are the same whatever the number of cores.
        owner: random name of the command, which its claims on runs bear (`harness.storage.claims`).
    """

    results: Path
    data: Path | None
    device: str
    origin: Mapping[str, Any]
    jobs: int | None = 1
    threads: int = 1
    plugins: tuple[Plugin, ...] = ()
    loggers: tuple[str, ...] = ()
    logs: Path = Path("logs")
    owner: str = field(default_factory=lambda: secrets.token_hex(8))

    def with_absolute_folders(self) -> ExecutionConfig:
        """The same for processes that work in another folder."""
        data = self.data.absolute() if self.data else None
        return replace(self, results=self.results.absolute(), data=data)


class ProgressListener(Protocol):
    """Receives the progress of runs; workers are numbered from 0.

    `remaining` is an estimate of the seconds until all runs have ended; None if there is none yet.
    """

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        """A worker has begun a run.

        Args:
            worker: number of the worker.
            run: which run.
            remaining: seconds, see above.
        """

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        """A run has got further.

        Args:
            worker: number of the worker.
            run: which run.
            progress: how far it is.
            remaining: seconds, see above.
        """

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        """A run has ended and is stored.

        Args:
            worker: number of the worker.
            run: which run.
            error: why it failed; "" if it finished.
            seconds: wall-clock seconds that it took.
            remaining: seconds, see above.
        """


class SharingListener(ProgressListener, Protocol):
    """A progress listener that is also told of the runs that other commands make."""

    def made_elsewhere(self, run: Run, state: str) -> None:
        """Another command has made a run.

        Args:
            run: which run.
            state: in the store.
        """

    def not_started(self, run: Run, reason: str) -> None:
        """A run cannot be made, because it cannot be claimed.

        Args:
            run: which run.
            reason: why not.
        """

    def waiting(self, runs: int, holders: Collection[str]) -> None:
        """All that is left to make is being made by other commands.

        Args:
            runs: number of runs that are left.
            holders: the processes that make them.
        """


class Executor(Protocol):
    """Makes runs (`harness.execution.make_run`) and stores each as finished or failed."""

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        """Make the runs that the schedule gives until there are none; call it in the main thread.

        Args:
            schedule: gives each run once, when there is room for it: `for run in schedule` will do.
            listener: receives the progress; is told of each of these runs that it has ended.

        Raises:
            FatalError: no run can be made as configured.
            KeyboardInterrupt: after the workers have ended; nothing unfinished is left behind.
        """


ExecutorFactory = Callable[..., Executor]
"""Takes an `ExecutionConfig` and, by its name, each option that was given."""


@dataclass(frozen=True, slots=True)
class ExecutorOption:
    """An option of the command line that one executor has.

    Attributes:
        flag: as typed; the factory takes the value of "--gpus-per-run" as `gpus_per_run`, and the
            factory's own default holds unless the option is given.
        metavar: what stands for the value in the help.
        help: what it is for, with the default.
        read: makes the value of what was typed; raises `argparse.ArgumentTypeError`.
        repeated: whether it may be given several times; the value is then a list.
    """

    flag: str
    metavar: str
    help: str
    read: Callable[[str], Any] = str
    repeated: bool = False

    @property
    def name(self) -> str:
        """The factory's argument."""
        return self.flag.removeprefix("--").replace("-", "_")


@dataclass(frozen=True, slots=True)
class ExecutorKind:
    """What is registered of an executor.

    Attributes:
        make: makes one.
        options: that only this executor has.
    """

    make: ExecutorFactory
    options: tuple[ExecutorOption, ...] = ()


_EXECUTORS: Final = Registry[ExecutorKind](
    "executors", lambda executor: executor.make.__module__, "harness.execution"
)


def register_executor(
    name: str, *options: ExecutorOption
) -> Callable[[ExecutorFactory], ExecutorFactory]:
    """Decorator that makes an executor known by name.

    Args:
        name: that --executor takes.
        options: that only this executor has.

    Raises:
        ValueError: the name is taken.
    """

    def registered(factory: ExecutorFactory) -> ExecutorFactory:
        _EXECUTORS.add(name, ExecutorKind(factory, options))
        return factory

    return registered


def executors() -> dict[str, ExecutorKind]:
    """Every executor by the name that --executor takes, in alphabetical order."""
    return dict(sorted(_EXECUTORS.known().items()))
