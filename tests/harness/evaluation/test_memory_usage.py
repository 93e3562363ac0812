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
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from baselines.context import Context
from baselines.registry import methods
from baselines.single_plus import SinglePlus
from harness.data.streams import Stream
from harness.evaluation.memory_usage import MemoryUsage, memory_usage, network_bytes
from harness.training.networks import mlp
from rmn import RMN, convert

WEIGHTS = 784 * 100 + 2 * 100 * 100 + 100 * 10 + 3 * 2 * 100  # of the MLP, with BatchNorm's
STATISTICS = 4 * 3 * 2 * 100 + 3 * 8  # bytes: running means, variances and counts


def usage(**held: Any) -> MemoryUsage:
    """Of a made-up strategy that holds some things."""
    bare = {"model": nn.Identity(), "plugins": []}
    return memory_usage(cast(Any, SimpleNamespace(**{**bare, **held})))


def test_a_network_is_its_parameters_and_buffers() -> None:
    assert network_bytes(mlp(10)) == 4 * WEIGHTS + STATISTICS


def test_trained_strategies_by_hand(three_tasks: Stream, train: Callable[..., Any]) -> None:
    bare = network_bytes(mlp(10))
    ewc = memory_usage(train(EWC, three_tasks, ewc_lambda=1.0))
    assert ewc.predictor_bytes == bare
    assert ewc.training_bytes == pytest.approx(2 * 2 * 4 * WEIGHTS, abs=64)
    assert ewc.examples == 0
    naive = memory_usage(train(Naive, three_tasks))
    assert naive.predictor_bytes == bare
    assert naive.training_bytes <= 64
    few, many = (memory_usage(train(Replay, three_tasks, mem_size=size)) for size in (30, 60))
    assert few.predictor_bytes == many.predictor_bytes == bare
    assert (few.examples, many.examples) == (30, 60)
    assert few.example_bytes == 30 * (784 + 8)  # pixels are bytes, labels int64
    assert many.training_bytes - few.training_bytes == pytest.approx(30 * (784 + 8), abs=512)


def test_a_mask_is_a_bit_a_weight_and_all_else_of_it_is_for_learning(
    three_tasks: Stream, train: Callable[..., Any]
) -> None:
    """99,400 weights; 300 channels with a scale, a shift, a mean and a variance for each task."""
    found = [
        memory_usage(train(RMN, three_tasks, model=convert(mlp(10)), tasks=tasks))
        for tasks in (1, 2)
    ]
    weights, of_a_task = 4 * 99_400, 99_400 // 8 + 4 * 4 * 300
    assert 99_400 // 8 == 12_425
    assert [usage.predictor_bytes for usage in found] == [
        weights + of_a_task,
        weights + 2 * of_a_task,
    ]
    # a raw mapping, the number of tasks that use each weight and whether it is pruned; BatchNorm's
    live = (4 + 2 + 1) * 99_400 + 4 * 4 * 300
    assert [usage.training_bytes for usage in found] == pytest.approx([live] * 2, abs=200)


def test_a_network_for_each_task_is_needed_to_predict(context: Context, stream: Stream) -> None:
    strategy = methods()["single"]().build(context)
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    found = memory_usage(strategy)
    assert found.predictor_bytes == 2 * network_bytes(mlp(10))
    assert found.training_bytes <= 64


@pytest.mark.parametrize("rule", ["pixel-gaussian", "ridge-units"])
def test_a_router_names_tasks_without_its_gram_matrix(
    rule: Any, context: Context, stream: Stream
) -> None:
    strategy = SinglePlus(router=rule).build(context)
    strategy.train(stream.experiences[0])
    found = memory_usage(strategy)
    units = 3000
    random = 4 * units * (784 + 1)
    needed = {"pixel-gaussian": 4 * 2 * 784, "ridge-units": random + (4 * units + 16) * 2}[rule]
    assert found.predictor_bytes == network_bytes(mlp(10)) + needed
    gram = 4 * units * (units + 2) if rule == "ridge-units" else 0
    assert found.training_bytes == pytest.approx(gram, abs=64)


def test_storage_that_several_tensors_share_counts_once() -> None:
    whole = torch.zeros(100)
    assert usage(whole=whole, part=whole[:10], again=[whole.view(10, 10)]).training_bytes == 400
    assert usage(part=whole[:10]).training_bytes == 400  # the rest is kept alive by it
    assert usage(one=whole, two=whole.clone()).training_bytes == 800


def test_what_predictions_need_is_not_counted_again() -> None:
    model = nn.Linear(10, 10, bias=False)
    part = model.weight.detach()[0]
    found = memory_usage(cast(Any, SimpleNamespace(model=model, plugins=[], anchor=part)))
    assert (found.predictor_bytes, found.training_bytes) == (400, 0)
    beside = SimpleNamespace(model=model, plugins=[], anchor=part.clone())
    assert memory_usage(cast(Any, beside)).training_bytes == 40


def test_a_strategy_says_what_its_predictions_need() -> None:
    class Prototypes:
        """Predicts from means of features that it holds beside the model."""

        def __init__(self) -> None:
            self.model = nn.Linear(10, 10, bias=False)
            self.plugins: list[object] = []
            self.means = torch.zeros(5)
            self.sums = torch.zeros(7)

        def inference_tensors(self) -> list[Tensor]:
            return [self.model.weight, self.means]

    found = memory_usage(cast(Any, Prototypes()))
    assert (found.predictor_bytes, found.training_bytes) == (4 * (100 + 5), 4 * 7)


def test_tensors_are_found_however_deep() -> None:
    class Plugin:
        def __init__(self) -> None:
            self.memory = {"layer": [(torch.zeros(2), {"deep": torch.zeros(3)})]}
            self.back = self  # a circle ends

    assert usage(plugins=[Plugin()], words=("text", b"bytes", 3, None)).training_bytes == 4 * 5


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
        mb_output=torch.zeros(500),
        loss=torch.zeros(()),
        dataloader=SimpleNamespace(batch=torch.zeros(500)),
    )
    assert found.training_bytes == 40


def test_examples_of_any_data_set_count_as_copies() -> None:
    pixels, labels = torch.zeros(7, 1, 4, 4), torch.zeros(7, dtype=torch.long)
    found = usage(buffer=AvalancheDataset([TensorDataset(pixels, labels)]))
    assert found.examples == 7
    assert found.training_bytes == found.example_bytes == 7 * (16 * 4 + 8)
    assert usage(buffer=AvalancheDataset([])).training_bytes == 0


def test_examples_that_are_kept_as_tensors_are_counted_where_somebody_says_how_many() -> None:
    class Kept:
        def __init__(self) -> None:
            self.inputs = torch.zeros(5, 3)
            self.stored_examples = 5

    found = usage(plugins=[Kept()])
    assert (found.examples, found.training_bytes) == (5, 5 * 3 * 4)
