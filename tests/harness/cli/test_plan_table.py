"""What `--plan` shows of the runs."""

from __future__ import annotations

from dataclasses import replace

from rich.table import Table

from harness.cli.plan_table import plan_table
from harness.config.run import Run
from harness.storage.checkpoints import Checkpoint


def shown(table: Table) -> tuple[list[object], list[list[object]]]:
    """Headers, and the cells row by row."""
    cells = [list(column.cells) for column in table.columns]
    return [column.header for column in table.columns], [
        [str(cell) for cell in row] for row in zip(*cells, strict=True)
    ]


def test_scenarios_have_rows_of_their_own_with_what_they_decide(run: Run) -> None:
    task_il = replace(run, training={"epochs": 1, "norm": "per-task", "outputs": "own"})
    class_il = replace(run, scenario="class-il", training={"norm": "shared", "outputs": "own"})
    _, rows = shown(plan_table([(task_il, "to run"), (class_il, "finished")]))
    assert rows == [
        ["task-il", "ewc", "0", "", "ewc_lambda=10.0, norm=per-task, outputs=own"],
        ["class-il", "ewc", "", "0", "ewc_lambda=10.0, norm=shared, outputs=own"],
    ]


def test_a_row_per_method_and_only_the_states_that_there_are(run: Run) -> None:
    hat = replace(run, baseline="hat", settings={"lamb": 0.75, "smax": 400.0}, seed=4)
    table = plan_table(
        [
            (run, "finished"),
            (hat, "damaged"),
            (replace(run, seed=1), "to run"),
            (replace(run, seed=2), "to run"),
        ]
    )
    assert shown(table) == (
        ["scenario", "method", "seeds\nto run", "seeds\nfinished", "seeds\ndamaged", "settings"],
        [
            ["task-il", "ewc", "1 2", "0", "", "ewc_lambda=10.0"],
            ["task-il", "hat", "", "", "4", "lamb=0.75, smax=400.0"],
        ],
    )


def test_a_run_that_goes_on_says_how_far_it_is(run: Run) -> None:
    second, third = replace(run, seed=1), replace(run, seed=2)
    checkpoint = Checkpoint(run.id, done=2, tasks=5, code="", state="", sha256="")
    states = [(run, "to run"), (second, "to run"), (third, "diverged")]
    found = {run.id: checkpoint, third.id: checkpoint}  # what is left of a run that ended
    assert shown(plan_table(states, found)) == (
        ["scenario", "method", "seeds\nto run", "seeds\ndiverged", "settings"],
        [["task-il", "ewc", "0 (2/5 tasks done) 1", "2", "ewc_lambda=10.0"]],
    )


def test_nothing_planned_is_an_empty_table() -> None:
    assert shown(plan_table([])) == (["scenario", "method", "settings"], [])
