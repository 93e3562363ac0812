"""Memory against hand counts: of trained strategies, and of what a strategy may hide away."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from avalanche.benchmarks.utils import AvalancheDataset
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.supervised import EWC, Naive, Replay
from torch.utils.data import TensorDataset

from harness.data.streams import Stream
from harness.evaluation.memory_usage import MemoryUsage, memory_usage, network_bytes
from harness.training.networks import mlp

WEIGHTS = 784 * 100 + 2 * 100 * 100 + 100 * 10 + 3 * 2 * 100  # of the MLP, with BatchNorm's
STATISTICS = 4 * 3 * 2 * 100 + 3 * 8  # bytes: running means, variances and counts


def usage(**held: Any) -> MemoryUsage:
    """Of a made-up strategy that holds some things."""
    return memory_usage(cast(Any, SimpleNamespace(**held)))


def test_a_network_is_its_parameters_and_buffers() -> None:
    assert network_bytes(mlp(10)) == 4 * WEIGHTS + STATISTICS


def test_trained_strategies_by_hand(three_tasks: Stream, train: Callable[..., Any]) -> None:
    bare = network_bytes(mlp(10))
    ewc = memory_usage(train(EWC, three_tasks, ewc_lambda=1.0))
    assert ewc.bytes - bare == pytest.approx(2 * 2 * 4 * WEIGHTS, abs=64)
    assert ewc.examples == 0
    assert memory_usage(train(Naive, three_tasks)).bytes - bare <= 64
    few, many = (memory_usage(train(Replay, three_tasks, mem_size=size)) for size in (30, 60))
    assert (few.examples, many.examples) == (30, 60)
    assert few.example_bytes == 30 * (784 + 8)  # pixels are bytes, labels int64
    assert many.bytes - few.bytes == pytest.approx(30 * (784 + 8), abs=512)


def test_storage_that_several_tensors_share_counts_once() -> None:
    whole = torch.zeros(100)
    assert usage(whole=whole, part=whole[:10], again=[whole.view(10, 10)]).bytes == 400
    assert usage(part=whole[:10]).bytes == 400  # the rest is kept alive by it
    assert usage(one=whole, two=whole.clone()).bytes == 800


def test_tensors_are_found_however_deep() -> None:
    class Plugin:
        def __init__(self) -> None:
            self.memory = {"layer": [(torch.zeros(2), {"deep": torch.zeros(3)})]}
            self.back = self  # a circle ends

    assert usage(plugins=[Plugin()], words=("text", b"bytes", 3, None)).bytes == 4 * 5


def test_what_is_in_use_or_not_kept_is_left_out() -> None:
    weight = torch.nn.Parameter(torch.zeros(10))
    optimizer = torch.optim.Adam([weight])
    weight.grad = None
    optimizer.state[weight]["exp_avg"] = torch.zeros(1000)
    found = usage(
        weight=weight,
        optimizer=optimizer,
        evaluator=EvaluationPlugin(),
        mbatch=[torch.zeros(500)],
        dataloader=SimpleNamespace(batch=torch.zeros(500)),
    )
    assert found.bytes == 40


def test_examples_of_any_data_set_count_as_copies() -> None:
    pixels, labels = torch.zeros(7, 1, 4, 4), torch.zeros(7, dtype=torch.long)
    found = usage(buffer=AvalancheDataset([TensorDataset(pixels, labels)]))
    assert found.examples == 7
    assert found.bytes == found.example_bytes == 7 * (16 * 4 + 8)
    assert usage(buffer=AvalancheDataset([])).bytes == 0
