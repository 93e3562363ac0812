"""Logits are computed again when, and only when, a function has changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from harness.data.streams import Stream
from harness.evaluation.labelled import evaluate_labelled
from harness.evaluation.logit_cache import LogitCache
from harness.storage.schema import Row
from harness.training.networks import mlp
from rmn import RMN, convert

CPU = torch.device("cpu")

questions = st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=1)), max_size=40)


@given(questions)
def test_answers_are_those_of_the_function_as_it_is_now(asked: list[tuple[int, bytes]]) -> None:
    cache, computed = LogitCache(), 0
    latest: dict[int, bytes] = {}
    changes = 0
    for key, fingerprint in asked:

        def compute(key: int = key, fingerprint: bytes = fingerprint) -> Tensor:
            nonlocal computed
            computed += 1
            return torch.tensor([key, *fingerprint])

        assert cache.get(key, fingerprint, compute).tolist() == [key, *fingerprint]
        changes += latest.get(key) != fingerprint
        latest[key] = fingerprint
    assert computed == changes


def test_without_a_fingerprint_nothing_is_kept() -> None:
    cache = LogitCache()
    values = iter([torch.zeros(1), torch.ones(1), torch.full((1,), 2.0)])
    found = [cache.get("key", mark, lambda: next(values)).item() for mark in (None, None, b"x")]
    assert found == [0, 1, 2]


def asked_of(strategy: Any) -> list[int]:
    """Numbers of the tasks whose logits the strategy computes from now on."""
    logits_of_task, asked = strategy.logits_of_task, []

    def watched(x: Tensor, task: int) -> Any:
        asked.append(task)
        return logits_of_task(x, task)

    strategy.logits_of_task = watched
    return asked


def test_what_is_known_is_not_computed_again_and_changes_nothing(
    three_tasks: Stream, train: Callable[..., Any]
) -> None:
    """Every evaluation with what earlier ones left behind, against one from nothing."""
    strategy = train(RMN, three_tasks, convert(mlp(10)), tasks=0)
    cache, counts = LogitCache(), []
    asked = asked_of(strategy)
    for after, experience in enumerate(three_tasks.experiences, start=1):
        strategy.train(experience)
        parts = (strategy, three_tasks.benchmark, "class-il", three_tasks.test, after, CPU)
        before = len(asked)
        rows = list(evaluate_labelled(*parts, cache=cache))
        counts.append(len(asked) - before)
        assert rows == list(evaluate_labelled(*parts))
    assert counts == [1, 3, 5]  # pairs of a learned task and the data of one: 1, 4, 9


def test_a_function_that_was_altered_is_computed_again(
    three_tasks: Stream, train: Callable[..., Any]
) -> None:
    strategy = train(RMN, three_tasks, convert(mlp(10)))
    parts = (strategy, three_tasks.benchmark, "class-il", three_tasks.test[:2], 2, CPU)
    given = (strategy, three_tasks.benchmark, "task-il", three_tasks.test[:2], 2, CPU)
    cache = LogitCache()
    list(evaluate_labelled(*parts, cache=cache))
    before = list(evaluate_labelled(*given, cache=cache))
    asked = asked_of(strategy)
    layer = next(iter(strategy.model.relevance_layers().values()))
    first, second = next(iter(strategy.masks().values()))
    state = strategy.model.state_dict()  # of the same tensors; changed weights have to be loaded
    with torch.no_grad():
        layer.weight[first & ~second] = 5.0
    strategy.model.load_state_dict(state)
    inferred = list(evaluate_labelled(*parts, cache=cache))
    assert asked == [0, 0]  # of the first task, on the data of both
    assert inferred == list(evaluate_labelled(*parts))
    after = list(evaluate_labelled(*given, cache=cache))
    assert after == list(evaluate_labelled(*given))
    assert aware(after, task=1) != aware(before, task=1)
    assert aware(after, task=2) == aware(before, task=2)


def aware(rows: list[Row], task: int) -> float:
    [value] = [row["value"] for row in rows if row["task"] == task]
    return value


@pytest.mark.parametrize("other", [("given", 1), (0, 1), "key"])
def test_keys_are_kept_apart(other: Hashable) -> None:
    cache = LogitCache()
    assert cache.get(("given", 0), b"same", lambda: torch.zeros(1)).item() == 0
    assert cache.get(other, b"same", lambda: torch.ones(1)).item() == 1
