"""A worker process: pays for importing torch and avalanche once, then makes run after run.

Nothing heavy is imported at the top, so that the numbers of threads are set before torch and numpy
read them, and so that the parent can import this module for free.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Final

from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.make_run import make_run
from harness.execution.preparation import prepare, thread_variables
from harness.experiment.progress import RunProgress

ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""By which a user, a system or a closed terminal ends a command; often its whole process group."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """Message of a worker: no run can be made as configured, whatever the run.

    Attributes:
        reason: what to type instead.
    """

    reason: str


def work(connection: Connection, config: ExecutionConfig, number: int, log: str) -> None:
    """Make the runs that come through the connection until it closes.

    Args:
        connection: gives runs; takes `RunProgress`, `RunEnded` and `Fatal`.
        config: how to make them.
        number: of this worker, from 0; with several GPUs, they take turns.
        log: file for whatever the libraries print.
    """
    for ending in ENDING_SIGNALS:  # the parent decides when to stop
        signal.signal(ending, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)  # blocked until here, as inherited
    Thread(target=_end_with_parent, name="watch", daemon=True).start()
    os.environ.update(thread_variables(config.threads))
    _redirect_output(log)
    with suppress(EOFError, OSError):  # the parent closed the connection, or is gone
        try:
            machine = prepare(config, number)
            while True:
                run = connection.recv()
                connection.send(make_run(run, config, machine, _reporter(connection)))
        except FatalError as error:  # the next run could not be made either
            connection.send(Fatal(str(error)))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is None:  # this is no worker process
        return
    parent.join()
    os._exit(1)  # at once, wherever the run is; its checkpoint is whole


def _reporter(connection: Connection) -> Callable[[RunProgress], None]:
    def report(progress: RunProgress) -> None:
        try:
            connection.send(progress)
        except OSError:  # the parent is going; this is no failure of the run
            raise SystemExit from None

    return report


def _redirect_output(log: str) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
