"""What the terminal shows."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from harness.cli.progress_display import (
    Display,
    LineDisplay,
    LiveDisplay,
    display,
    duration,
    plan_table,
)
from harness.config.run import Run
from harness.experiment.progress import RunProgress

RUN = Run(
    benchmark="split_mnist",
    baseline="ewc",
    settings={"ewc_lambda": 10.0},
    profile="smoke",
    training={"epochs": 3},
    seed=0,
    versions={},
)


def show(console: Console) -> Display:
    with display(console, 2) as watcher:
        watcher.started(0, RUN)
        watcher.progressed(0, RUN, RunProgress(6, 15, "task 2/5, testing"), None)
        if isinstance(watcher, LiveDisplay):
            watcher.refresh()
        watcher.ended(0, RUN, "", 65.0, 120.0)
        watcher.started(0, replace(RUN, seed=1))
        watcher.ended(0, replace(RUN, seed=1), "Traceback\nValueError: no [good]", 1.0, 0.0)
    return watcher


def test_one_plain_line_per_run_where_there_is_no_terminal() -> None:
    out = StringIO()
    assert isinstance(show(Console(file=out, force_terminal=False)), LineDisplay)
    assert out.getvalue().splitlines() == [
        "2 runs to make.",
        "1/2 ewc seed 0 finished in 1:05; 0:00 elapsed, about 2:00 to go",
        "2/2 ewc seed 1 failed after 0:01: ValueError: no [good]; 0:00 elapsed, about 0:00 to go",
    ]


def test_a_log_is_told_every_five_minutes_how_far_a_long_run_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = StringIO()
    clock = iter((0.0, 0.0, 299.0, 301.0, 599.0, 602.0))
    monkeypatch.setattr("harness.cli.progress_display.time.monotonic", lambda: next(clock))
    with LineDisplay(Console(file=out), runs=1) as watcher:
        watcher.started(0, RUN)
        for done, doing in enumerate(("epoch 1/3", "epoch 2/3", "epoch 3/3", "testing")):
            watcher.progressed(0, RUN, RunProgress(done, 3, f"task 1/1, {doing}"), 65.0)
    assert out.getvalue().splitlines() == [
        "1 run to make.",
        "ewc seed 0 is at task 1/1, epoch 2/3; about 1:05 to go",
        "ewc seed 0 is at task 1/1, testing; about 1:05 to go",
    ]


def test_live_bars_on_a_terminal() -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=120, _environ={"NO_COLOR": "1"})
    assert isinstance(show(console), LiveDisplay)
    assert "task 2/5, testing" in out.getvalue()
    assert "6/15" in out.getvalue()
    assert "ewc seed 1 failed after 0:01: ValueError: no [good]" in out.getvalue()
    assert "\x1b[3" not in out.getvalue()  # no colours: NO_COLOR is set


def test_plan_table_has_a_row_per_method_and_only_the_states_there_are() -> None:
    states = [(RUN, "finished"), (replace(RUN, seed=1), "to run"), (replace(RUN, seed=2), "to run")]
    table = plan_table(states)
    headers = ["method", "settings", "seeds to run", "seeds finished"]
    assert [column.header for column in table.columns] == headers
    cells = [["ewc"], ["ewc_lambda=10.0"], ["1 2"], ["0"]]
    assert [list(column.cells) for column in table.columns] == cells


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (59.7, "1:00"), (3725, "1:02:05")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
