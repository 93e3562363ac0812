"""How often a run is tried again."""

from __future__ import annotations

from pathlib import Path

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig
from harness.execution.retries import Retries
from harness.storage import checkpoints


def test_a_run_that_gets_no_further_is_given_up(config: ExecutionConfig, runs: list[Run]) -> None:
    retries = Retries(config.results)
    assert [retries.allow(runs[0]) for _ in range(5)] == [True, True, True, False, False]
    assert retries.allow(runs[1])


def test_a_run_that_gets_further_may_lose_as_many_workers_again(
    config: ExecutionConfig, run: Run
) -> None:
    retries = Retries(config.results)
    for done in (1, 2, 3):
        checkpoints.write(checkpoints.folder(config.results, run), run, done, 5, Path.touch)
        assert [retries.allow(run) for _ in range(3)] == [True] * 3
    assert not retries.allow(run)
