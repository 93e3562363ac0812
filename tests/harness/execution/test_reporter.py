"""What a listener hears of the runs of some workers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from harness.config.run import Run
from harness.execution.reporter import ProgressReporter
from harness.execution.scheduling import RunInProgress, Schedule
from harness.experiment.progress import RunProgress

RUN = Run("split_mnist", "task-il", "ewc", {}, "smoke", {}, 0, {})


@dataclass
class Worker:
    """One that has something to do or has not."""

    in_progress: RunInProgress | None = None


@dataclass
class Listener:
    """Notes what it hears."""

    heard: list[tuple[object, ...]] = field(default_factory=list)

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        self.heard.append(("started", worker, run.seed, remaining))

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        self.heard.append(("progressed", worker, run.seed, progress.done, remaining))

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        self.heard.append(("ended", worker, run.seed, error, seconds, remaining))


def test_each_report_says_how_long_the_rest_takes() -> None:
    schedule, listener = Schedule([replace(RUN, seed=seed) for seed in range(4)]), Listener()
    workers = {1: Worker(), 5: Worker()}
    reporter = ProgressReporter(schedule, listener, workers)
    one, other = schedule.next(), schedule.next()
    assert one is not None
    assert other is not None
    reporter.started(5, one)
    workers[5].in_progress = RunInProgress(one, 10.0, 0.25)
    reporter.progressed(5, one, RunProgress(1, 4, "task 1/4"))
    workers[5].in_progress = None
    reporter.ended(5, one, "", 20.0)
    assert listener.heard == [
        ("started", 5, one.seed, None),
        ("progressed", 5, one.seed, 1, (30.0 + 2 * 40.0) / 2),  # of the other nobody knows
        ("ended", 5, one.seed, "", 20.0, 2 * 20.0 / 2),
    ]


@pytest.mark.parametrize("error", ["", "ValueError"])
def test_only_a_run_that_finished_says_what_its_method_takes(error: str) -> None:
    schedule, listener = Schedule([RUN, replace(RUN, seed=1)]), Listener()
    assert schedule.next() == RUN
    ProgressReporter(schedule, listener, {}).ended(0, RUN, error, 20.0)
    assert listener.heard == [("ended", 0, 0, error, 20.0, None if error else 20.0)]
