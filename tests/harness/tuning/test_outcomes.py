"""The final accuracies of runs, from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.config.run import Run
from harness.storage import schema
from harness.storage.record import MethodDeclaration, Record, Status
from harness.storage.schema import CLASSES_SEEN, Row
from harness.storage.store import Results
from harness.tuning.outcomes import outcomes

RUN = Run("split_mnist", "task-il", "ewc", {}, "tuning", {"epochs": 1}, 10_000, {"rows": 2})


def row(scenario: str, rule: str, after: int, task: int, value: float) -> Row:
    return {
        "metric": "accuracy",
        "scenario": scenario,
        "rule": rule,
        "after": after,
        "task": task,
        "value": value,
    }


def found(run: Run, rows: Sequence[Row], rule: str = "") -> dict[str, tuple[float, ...]]:
    record = Record(run, MethodDeclaration("A method", rule=rule))
    return outcomes(Results([record], schema.table(rows, run)))


def test_only_the_accuracies_after_the_last_task_count_in_the_order_of_the_tasks() -> None:
    rows = [row("task-il", "", 1, 1, 0.9), row("task-il", "", 2, 2, 0.8)]
    rows += [row("task-il", "", 2, 1, 0.7), {"metric": "train_seconds", "after": 3, "value": 1.0}]
    assert found(RUN, rows) == {RUN.id: (0.7, 0.8)}


def test_of_a_method_that_infers_the_task_its_own_rule_counts() -> None:
    run = replace(RUN, scenario="class-il")
    rows = [
        row("class-il", rule, 2, task, value)
        for rule, value in (("energy", 0.9), ("max-logit", 0.6))
        for task in (1, 2)
    ]
    assert found(run, rows, rule="max-logit") == {run.id: (0.6, 0.6)}


def test_only_the_scenario_of_the_run_counts() -> None:
    """A stream without task labels is measured with its identity as well."""
    run = replace(RUN, scenario="class-il")
    rows = [row("task-il", "", 1, 1, 0.9), row("class-il", CLASSES_SEEN, 1, 1, 0.4)]
    assert found(run, rows) == {run.id: (0.4,)}


def test_a_run_that_diverged_has_no_accuracies_and_one_that_failed_no_outcome() -> None:
    def ended(seed: int, status: Status) -> Record:
        return Record(replace(RUN, seed=seed), MethodDeclaration("A"), status=status, error="it")

    diverged, failed = ended(1, "diverged"), ended(2, "failed")
    assert outcomes(Results([diverged, failed])) == {diverged.run.id: ()}
    assert outcomes(Results()) == {}
