"""What the terminal shows while runs are made."""

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
    say,
)
from harness.config.run import Run
from harness.experiment.progress import RunProgress


def show(console: Console, run: Run) -> Display:
    with display(console, 2) as shown:
        shown.started(0, run, None)
        shown.progressed(0, run, RunProgress(6, 15, "task 2/5, testing"), None)
        if isinstance(shown, LiveDisplay):
            shown.refresh()
        shown.ended(0, run, "", 65.0, 120.0)
        shown.started(0, replace(run, seed=1), None)
        shown.ended(0, replace(run, seed=1), "Traceback\nValueError: no [good]", 1.0, 0.0)
    return shown


def test_one_plain_line_per_run_where_there_is_no_terminal(run: Run) -> None:
    out = StringIO()
    assert isinstance(show(Console(file=out, force_terminal=False), run), LineDisplay)
    assert out.getvalue().splitlines() == [
        "2 runs to make.",
        "1/2 ewc seed 0 finished in 1:05; 0:00 elapsed, about 2:00 to go",
        "2/2 ewc seed 1 failed after 0:01: ValueError: no [good]; 0:00 elapsed, about 0:00 to go",
    ]


def test_a_message_moves_no_cursor_and_ends(run: Run) -> None:
    out = StringIO()
    with display(Console(file=out, force_terminal=False), 1) as shown:
        shown.started(0, run, None)
        shown.ended(0, run, "ValueError: \x1b[2J" + "long" * 100_000, 1.0, 0.0)
    line = out.getvalue().splitlines()[-1]
    assert "ValueError: \N{REPLACEMENT CHARACTER}[2Jlonglong" in line
    assert len(line) < 400


def test_a_log_says_every_five_minutes_how_far_a_long_run_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = StringIO()
    clock = iter((0.0, 0.0, 299.0, 301.0, 599.0, 602.0))
    monkeypatch.setattr("harness.cli.progress_display.time.monotonic", lambda: next(clock))
    with LineDisplay(Console(file=out), runs=1) as shown:
        shown.started(0, run, None)
        for done, doing in enumerate(("epoch 1/3", "epoch 2/3", "epoch 3/3", "testing")):
            shown.progressed(0, run, RunProgress(done, 3, f"task 1/1, {doing}"), 65.0)
    assert out.getvalue().splitlines() == [
        "1 run to make.",
        "ewc seed 0 is at task 1/1, epoch 2/3; about 1:05 to go",
        "ewc seed 0 is at task 1/1, testing; about 1:05 to go",
    ]


def test_live_bars_on_a_terminal(run: Run) -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=120, _environ={"NO_COLOR": "1"})
    assert isinstance(show(console, run), LiveDisplay)
    assert "task 2/5, testing" in out.getvalue()
    assert "6/15" in out.getvalue()
    assert "ewc seed 1 failed after 0:01: ValueError: no [good]" in out.getvalue()
    assert "\x1b[3" not in out.getvalue()  # no colours: NO_COLOR is set


def test_runs_of_other_commands_count_and_are_waited_for(run: Run) -> None:
    out = StringIO()
    with LineDisplay(Console(file=out), runs=3) as shown:
        shown.made_elsewhere(run, "finished")
        for holders in ({"process 4 on b", "process 3 on a"}, {"process 3 on a"}):
            shown.waiting(len(holders), holders)
            shown.waiting(len(holders), set(holders))  # said once
    assert out.getvalue().splitlines() == [
        "3 runs to make.",
        "1/3 ewc seed 0 finished, made by another command",
        "Waiting for 2 runs that other commands make: process 3 on a, process 4 on b",
        "Waiting for 1 run that other commands make: process 3 on a",
    ]


def test_a_terminal_shows_whom_the_command_waits_for(run: Run) -> None:
    out = StringIO()
    with LiveDisplay(Console(file=out, force_terminal=True, width=120), runs=2) as shown:
        shown.made_elsewhere(run, "finished")
        shown.waiting(1, {"process 3 on a"})
        shown.refresh()
    assert "1/2" in out.getvalue()
    assert "Waiting for 1 run that other commands make: process 3 on a" in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65.4, "1:05"), (59.7, "1:00"), (3725, "1:02:05")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_run_that_is_not_made_is_named_with_the_reason(run: Run) -> None:
    for terminal in (False, True):
        out = StringIO()
        with display(Console(file=out, force_terminal=terminal, width=200), 1) as shown:
            shown.not_started(run, "No space left on device")
        assert f"{run} is not made: No space left on device" in out.getvalue()


def test_text_is_printed_as_it_is() -> None:
    out = StringIO()
    say(Console(file=out, width=10, force_terminal=True), "ewc[a=1] is [bold]not[/bold] 12 long")
    assert out.getvalue() == "ewc[a=1] is [bold]not[/bold] 12 long\n"


def test_a_terminal_counts_down_and_says_when_it_was_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("harness.cli.progress_display.time.monotonic", lambda: clock[0])
    out = StringIO()
    with LiveDisplay(Console(file=out, force_terminal=True, width=120), runs=1) as shown:
        shown.started(0, run, 65.0)
        for clock[0], text in (
            (100.0, "about 1:05 to go"),
            (130.0, "about 0:35 to go"),
            (170.0, "longer than expected"),
        ):
            out.truncate(0)
            shown.refresh()
            assert text in out.getvalue()


def test_a_log_says_at_the_start_how_long_it_will_take() -> None:
    out = StringIO()
    with display(Console(file=out), 3, "One worker needs about 9 seconds."):
        assert out.getvalue() == "3 runs to make. One worker needs about 9 seconds.\n"
