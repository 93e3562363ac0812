"""Evaluation with task labels against a slow loop over single examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.supervised import Naive
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from baselines.components.per_task import NetworkPerTask
from baselines.components.single_task_training import SingleTaskTraining
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.datasets import TaskData
from harness.data.streams import Stream, experiences, make_stream
from harness.evaluation.labelled import evaluate_labelled
from harness.evaluation.labelled import tested as tasks_tested  # pytest takes test* for tests
from harness.storage.schema import Row
from harness.training.networks import mlp
from rmn import RMN, convert

BENCHMARK = BENCHMARKS["split_mnist"].first(3)
CPU = torch.device("cpu")

Train = Callable[..., Any]


def of(rows: Sequence[Row], **where: object) -> list[float]:
    """Values of the rows with some keys."""
    return [r["value"] for r in rows if all(r.get(k) == v for k, v in where.items())]


def rows_of(
    strategy: Any, scenario: str, test: tuple[TaskData, ...], after: int, **more: Any
) -> list[Row]:
    return list(evaluate_labelled(strategy, BENCHMARK, scenario, test, after, CPU, **more))


def best_of(logits: Sequence[float], outputs: Iterable[int]) -> int:
    return max(outputs, key=logits.__getitem__)


@pytest.mark.parametrize("scenario", ["task-il", "class-il"])
def test_a_plain_network_against_a_loop(three_tasks: Stream, train: Train, scenario: str) -> None:
    """With the identity it chooses among the task's two classes, else among the four seen."""
    strategy = train(Naive, three_tasks)
    rows = rows_of(strategy, scenario, three_tasks.test, after=2)
    for task, data in enumerate(three_tasks.test[:2]):
        outputs = BENCHMARK.classes[task] if scenario == "task-il" else range(4)
        right = 0
        for n in range(len(data)):
            logits = strategy.model(data.inputs(slice(n, n + 1)))[0].tolist()
            right += best_of(logits, outputs) == int(data.images.labels[n])
        rule = "" if scenario == "task-il" else "classes seen"
        assert of(rows, task=task + 1, rule=rule) == [right / len(data)]
    assert len(rows) == 2
    assert {(row["metric"], row["scenario"], row["after"]) for row in rows} == {
        ("accuracy", scenario, 2)
    }


def test_a_task_that_is_given_is_answered_by_its_own_function(
    three_tasks: Stream, train: Train
) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    rows = rows_of(strategy, "task-il", three_tasks.test, after=2)
    for task, data in enumerate(three_tasks.test[:2]):
        right = 0
        for n in range(len(data)):
            logits = strategy.logits_per_task(data.inputs(slice(n, n + 1)))[task, 0].tolist()
            right += best_of(logits, BENCHMARK.classes[task]) == int(data.images.labels[n])
        assert of(rows, task=task + 1) == [right / len(data)]
    assert not of(rows, metric="inferred_as")


def test_masks_against_a_loop(three_tasks: Stream, train: Train) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    rows = rows_of(strategy, "class-il", three_tasks.test[:2], after=2)
    for task, data in enumerate(three_tasks.test[:2]):
        right, taken = 0, [0, 0]
        for n in range(len(data)):
            logits = strategy.logits_per_task(data.inputs(slice(n, n + 1)))[:, 0].tolist()
            pairs = [(t, c) for t in range(2) for c in BENCHMARK.classes[t]]
            t, c = max(pairs, key=lambda pair: logits[pair[0]][pair[1]])
            right += c == int(data.images.labels[n])
            taken[t] += 1
        where = {"task": task + 1, "rule": "max-logit"}
        assert of(rows, **where, metric="accuracy") == [right / len(data)]
        shares = of(rows, **where, metric="inferred_as")
        assert shares == pytest.approx([count / len(data) for count in taken])


def test_networks_of_their_own_against_a_loop(three_tasks: Stream, train: Train) -> None:
    """Single has no identity in class-il either: it answers by the most confident network."""
    model = NetworkPerTask(lambda: mlp(10))
    strategy = train(SingleTaskTraining, three_tasks, model)
    rows = rows_of(strategy, "class-il", three_tasks.test[:2], after=2)
    given = rows_of(strategy, "task-il", three_tasks.test[:2], after=2)
    for task, data in enumerate(three_tasks.test[:2]):
        inferred = aware = 0
        for n in range(len(data)):
            x, label = data.inputs(slice(n, n + 1)), int(data.images.labels[n])
            logits = [network(x)[0].tolist() for network in model.networks]
            pairs = [(t, c) for t in range(2) for c in BENCHMARK.classes[t]]
            _, answer = max(pairs, key=lambda pair: logits[pair[0]][pair[1]])
            inferred += answer == label
            aware += best_of(logits[task], BENCHMARK.classes[task]) == label
        where = {"metric": "accuracy", "task": task + 1}
        assert of(rows, **where, rule="max-logit") == [inferred / len(data)]
        assert of(given, **where) == [aware / len(data)]


def cells(rows: Sequence[Row]) -> set[tuple[int, int]]:
    """Which tasks were tested after how many."""
    return {(row["after"], row["task"]) for row in rows if row["metric"] == "accuracy"}


SEEN = {(after, task) for after in (1, 2, 3) for task in range(1, after + 1)}
WHOLE = {(after, task) for after in range(4) for task in (1, 2, 3)}
LAST = {(3, task) for task in (1, 2, 3)}
DIAGONAL = {(1, 1), (2, 2)} | LAST


@pytest.mark.parametrize(
    ("kind", "scenario", "matrix", "expected"),
    [
        (Naive, "task-il", "seen", SEEN),
        (Naive, "task-il", "whole", WHOLE),
        (Naive, "task-il", "diagonal", DIAGONAL),
        (Naive, "class-il", "seen", SEEN),
        (Naive, "class-il", "whole", SEEN),  # no class to come can be right
        (Naive, "class-il", "diagonal", DIAGONAL),
        (RMN, "task-il", "seen", SEEN),
        (RMN, "task-il", "whole", WHOLE),
        (RMN, "task-il", "diagonal", DIAGONAL),
        (RMN, "class-il", "seen", SEEN),
        (RMN, "class-il", "whole", SEEN),
        (RMN, "class-il", "diagonal", LAST),  # inference costs as much as all of the others
        (RMN, "domain-il", "whole", WHOLE),
        (Naive, "domain-il", "whole", WHOLE),
    ],
)
def test_the_matrix_says_which_tasks_are_tested(
    three_tasks: Stream,
    train: Train,
    kind: type[Any],
    scenario: str,
    matrix: str,
    expected: set[tuple[int, int]],
) -> None:
    model = convert(mlp(10)) if kind is RMN else mlp(10)
    strategy = train(kind, three_tasks, model, tasks=0)
    rows = rows_of(strategy, scenario, three_tasks.test, after=0, matrix=matrix)
    for after, experience in enumerate(three_tasks.experiences, start=1):
        strategy.train(experience)
        rows += rows_of(strategy, scenario, three_tasks.test, after, matrix=matrix)
    assert cells(rows) == expected
    if scenario != "task-il" and kind is RMN:
        assert {row["after"] for row in rows if row["metric"] == "inferred_as"} == {3}


@given(st.integers(1, 9), st.data())
def test_what_is_tested_by_laws(tasks: int, data: st.DataObject) -> None:
    after = data.draw(st.integers(0, tasks))
    whole, seen, diagonal = (
        set(tasks_tested(matrix, after, tasks)) for matrix in ("whole", "seen", "diagonal")
    )
    assert diagonal <= seen <= whole == set(range(tasks))
    if after < tasks:
        assert seen == set(range(after))
        assert diagonal == ({after - 1} if after else set())
    else:
        assert diagonal == whole


def test_the_one_shot_rule_is_for_short_streams_alone(
    three_tasks: Stream, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    both = three_tasks.test[:2]
    assert of(rows_of(strategy, "class-il", both, 2), rule="one-shot", task=2, metric="accuracy")
    monkeypatch.setattr("harness.evaluation.labelled._FEW_TASKS", 2)
    assert not of(rows_of(strategy, "class-il", both, 2), rule="one-shot")


def test_avalanches_own_accuracy(three_tasks: Stream, train: Train) -> None:
    """Avalanche chooses among all outputs; so does a task that has all classes."""
    evaluator = EvaluationPlugin(accuracy_metrics(experience=True))
    strategy = train(Naive, three_tasks, tasks=1, evaluator=evaluator)
    theirs = strategy.eval(experiences(three_tasks.test[:1]))
    (value,) = (v for k, v in theirs.items() if k.startswith("Top1_Acc_Exp/eval_phase"))
    free = replace(BENCHMARK, classes=(tuple(range(10)),))
    test = three_tasks.test[:1]
    rows = list(evaluate_labelled(strategy, free, "task-il", test, after=1, device=CPU))
    assert of(rows, metric="accuracy") == [pytest.approx(value)]


def test_shared_outputs_are_right_under_any_task_that_names_them(train: Train) -> None:
    """In domain-il the answer is the output; that of another task's function may be right."""
    budget = TrainingBudget(
        epochs=1, train_examples=256, test_examples=60, tasks=3, outputs="shared"
    )
    stream = make_stream(BENCHMARKS["split_mnist"], budget, seed=0)
    shared = stream.benchmark
    assert [set(task.images.labels.tolist()) for task in stream.test] == [{0, 1}] * 3
    plain = train(Naive, stream, mlp(2))
    rows = list(evaluate_labelled(plain, shared, "domain-il", stream.test, after=2, device=CPU))
    for task, data in enumerate(stream.test[:2]):
        with torch.no_grad():
            right = (plain.model(data.inputs()).argmax(1) == data.images.labels).double().mean()
        assert of(rows, task=task + 1, rule="classes seen") == [float(right)]

    strategy = train(RMN, stream, convert(mlp(2)))
    rows = list(evaluate_labelled(strategy, shared, "domain-il", stream.test, after=2, device=CPU))
    for task, data in enumerate(stream.test[:2]):
        with torch.no_grad():
            logits = strategy.logits_per_task(data.inputs())
        right = 0
        for n in range(len(data)):
            inferred = max(range(2), key=lambda t: logits[t, n].max().item())
            right += int(logits[inferred, n].argmax()) == int(data.images.labels[n])
        where = {"metric": "accuracy", "task": task + 1, "rule": "max-logit"}
        assert of(rows, **where) == [right / len(data)]


def kinds_of_numbers(strategy: Any) -> list[torch.dtype]:
    """Of the logits that the strategy computes from now on."""
    logits_of_task, kinds = strategy.logits_of_task, []

    def watched(x: Tensor, task: int) -> Any:
        logits = logits_of_task(x, task)
        kinds.append(logits.dtype)
        return logits

    strategy.logits_of_task = watched
    return kinds


def test_in_long_streams_only_task_inference_has_the_precision_of_training(train: Train) -> None:
    many = replace(BENCHMARKS["permuted_mnist"], classes=BENCHMARKS["permuted_mnist"].classes * 2)
    many = many.first(11)
    training = TrainingBudget(epochs=1, train_examples=512, test_examples=100)
    stream = make_stream(many, training, seed=0)
    strategy = train(RMN, stream, convert(mlp(10)), tasks=11)
    kinds = kinds_of_numbers(strategy)
    found = {
        (scenario, precision): list(
            evaluate_labelled(strategy, many, scenario, stream.test, 11, CPU, precision=precision)
        )
        for scenario in ("domain-il", "task-il")
        for precision in ("float32", "bfloat16")
    }
    assert kinds == [torch.float32] * 121 + [torch.bfloat16] * 121
    assert found["task-il", "float32"] == found["task-il", "bfloat16"]
    exact, rounded = found["domain-il", "float32"], found["domain-il", "bfloat16"]
    rule = {"metric": "accuracy", "rule": "max-logit"}
    assert len(of(exact, **rule)) == 11
    assert of(rounded, **rule) == pytest.approx(of(exact, **rule), abs=0.05)
    assert not of(exact, rule="one-shot")


def test_in_short_streams_task_inference_is_exact(three_tasks: Stream, train: Train) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    kinds = kinds_of_numbers(strategy)
    rows_of(strategy, "class-il", three_tasks.test[:2], after=2, precision="bfloat16")
    assert set(kinds) == {torch.float32}
