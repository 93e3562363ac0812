"""Evaluation with task labels against a slow loop over single examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.supervised import Naive
from torch import Tensor

from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.datasets import TaskData
from harness.data.streams import Stream, experiences, make_stream
from harness.evaluation.labelled import evaluate_labelled
from harness.storage.schema import Row
from harness.training.networks import mlp
from rmn import RMN, convert

BENCHMARK = BENCHMARKS["split_mnist"].first(3)
CPU = torch.device("cpu")

Train = Callable[..., Any]


def of(rows: Sequence[Row], **where: object) -> list[float]:
    """Values of the rows with some keys."""
    return [r["value"] for r in rows if all(r.get(k) == v for k, v in where.items())]


def test_a_plain_network_against_a_loop(three_tasks: Stream, train: Train) -> None:
    strategy = train(Naive, three_tasks)
    rows = list(evaluate_labelled(strategy, BENCHMARK, three_tasks.test, after=2, device=CPU))
    for task, data in enumerate(three_tasks.test):
        aware = agnostic = 0
        for n in range(len(data)):
            logits = strategy.model(data.inputs(slice(n, n + 1)))[0].tolist()
            label = int(data.images.labels[n])
            aware += max(BENCHMARK.classes[task], key=logits.__getitem__) == label
            agnostic += max(range(4), key=logits.__getitem__) == label
        where = {"metric": "accuracy", "task": task + 1}
        assert of(rows, **where, scenario="task-il") == [aware / len(data)]
        assert of(rows, **where, scenario="task-agnostic") == [agnostic / len(data)]


def test_masks_against_a_loop(three_tasks: Stream, train: Train) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    rows = list(evaluate_labelled(strategy, BENCHMARK, three_tasks.test[:2], after=2, device=CPU))
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


def test_long_streams_are_measured_where_metrics_look(
    three_tasks: Stream, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.evaluation.labelled._FEW_TASKS", 2)
    strategy = train(RMN, three_tasks, convert(mlp(10)), tasks=2)
    rows = list(evaluate_labelled(strategy, BENCHMARK, three_tasks.test, after=2, device=CPU))
    assert [r["task"] for r in rows if r.get("scenario") == "task-il"] == [1, 2, 3]
    assert {r["task"] for r in rows if r.get("scenario") == "task-agnostic"} == {2}
    early = list(
        evaluate_labelled(train(Naive, three_tasks, tasks=1), BENCHMARK, three_tasks.test, 1, CPU)
    )
    assert [r["task"] for r in early if r["scenario"] == "task-il"] == [1, 2]
    rows = list(evaluate_labelled(strategy, BENCHMARK, three_tasks.test[:2], after=2, device=CPU))
    agnostic = [r for r in rows if r.get("scenario") == "task-agnostic"]
    assert {r["task"] for r in agnostic} == {1, 2}
    assert "one-shot" not in {r["rule"] for r in agnostic}


def test_the_diagonal_is_the_task_just_learned_until_the_last(
    three_tasks: Stream, train: Train
) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)), tasks=2)

    def rows(test: tuple[TaskData, ...], diagonal: bool) -> list[Row]:
        return list(evaluate_labelled(strategy, BENCHMARK, test, 2, CPU, diagonal=diagonal))

    between = rows(three_tasks.test, diagonal=True)
    [row] = between
    assert (row["task"], row["scenario"]) == (2, "task-il")
    assert row in rows(three_tasks.test, diagonal=False)
    both = three_tasks.test[:2]  # as if these were all
    assert rows(both, diagonal=True) == rows(both, diagonal=False)


def test_avalanches_own_accuracy(three_tasks: Stream, train: Train) -> None:
    """Avalanche chooses among all outputs; so does a task that has all classes."""
    evaluator = EvaluationPlugin(accuracy_metrics(experience=True))
    strategy = train(Naive, three_tasks, tasks=1, evaluator=evaluator)
    theirs = strategy.eval(experiences(three_tasks.test[:1]))
    (value,) = (v for k, v in theirs.items() if k.startswith("Top1_Acc_Exp/eval_phase"))
    free = replace(BENCHMARK, classes=(tuple(range(10)),))
    rows = list(evaluate_labelled(strategy, free, three_tasks.test[:1], after=1, device=CPU))
    assert of(rows, scenario="task-il", metric="accuracy") == [pytest.approx(value)]


def test_shared_outputs_are_right_only_under_the_right_task(train: Train) -> None:
    """MNIST's digits 0/1, 2/3 and 4/5 all as outputs 0 and 1."""
    shared = replace(BENCHMARK, shared_outputs=True, outputs=2)
    budget = TrainingBudget(epochs=1, train_examples=256, test_examples=60)
    stream = make_stream(shared, budget, seed=0)
    assert [set(task.images.labels.tolist()) for task in stream.test] == [{0, 1}] * 3
    plain = train(Naive, stream, mlp(2))
    rows = list(evaluate_labelled(plain, shared, stream.test, after=2, device=CPU))
    assert of(rows, metric="accuracy", scenario="task-il")
    assert not of(rows, metric="accuracy", scenario="task-agnostic")

    strategy = train(RMN, stream, convert(mlp(2)))
    rows = list(evaluate_labelled(strategy, shared, stream.test, after=2, device=CPU))
    for task, data in enumerate(stream.test[:2]):
        with torch.no_grad():
            logits = strategy.logits_per_task(data.inputs())
        right = 0
        for n in range(len(data)):
            inferred = max(range(2), key=lambda t: logits[t, n].max().item())
            answer = int(logits[inferred, n].argmax())
            right += inferred == task and answer == int(data.images.labels[n])
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
    exact, rounded = (
        list(evaluate_labelled(strategy, many, stream.test, 11, CPU, precision))
        for precision in ("float32", "bfloat16")
    )
    assert kinds == [torch.float32] * 121 + [torch.bfloat16] * 121
    aware = {"metric": "accuracy", "scenario": "task-il"}
    assert of(exact, **aware) == of(rounded, **aware)
    rule = {"metric": "accuracy", "rule": "max-logit"}
    assert len(of(exact, **rule)) == 11
    assert of(rounded, **rule) == pytest.approx(of(exact, **rule), abs=0.05)
    assert not of(exact, rule="one-shot")


def test_in_short_streams_task_inference_is_exact(three_tasks: Stream, train: Train) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    kinds = kinds_of_numbers(strategy)
    list(evaluate_labelled(strategy, BENCHMARK, three_tasks.test[:2], 2, CPU, "bfloat16"))
    assert set(kinds) == {torch.float32}
