"""What methods are given is the same for all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Literal

import pytest
import torch
from torch import nn

from baselines.components.losses import OutputsSeen, OwnOutputs
from baselines.components.no_metrics import NoMetrics
from baselines.components.per_task import BatchNormPerTask, HeadPerTask, PerTaskNetwork
from baselines.context import Context
from baselines.registry import methods


def test_a_shared_head_is_the_backbones_own(context: Context) -> None:
    model = context.model()
    assert isinstance(model, nn.Sequential)
    for name, weight in context.network().state_dict().items():
        assert torch.equal(weight, model.state_dict()[name])


def test_what_is_per_task_is_put_on_the_same_backbone(context: Context) -> None:
    kinds_of: tuple[Literal["shared", "per-task"], ...] = ("shared", "per-task")
    for head, norm in product(kinds_of, kinds_of):
        model = replace(context, head=head, norm=norm).model()
        kinds = Counter(type(layer) for layer in model.modules())
        assert (kinds[HeadPerTask] == 1) == (head == "per-task")
        assert (kinds[BatchNormPerTask] == 3) == (norm == "per-task")
        backbone = context.network()
        x = torch.rand(3, 1, 28, 28)
        if (head, norm) == ("shared", "shared"):
            assert torch.equal(model.eval()(x), backbone.eval()(x))
        else:
            assert isinstance(model, PerTaskNetwork)
            assert torch.equal(model.eval()(x, 0), backbone.eval()(x))


def test_the_loss_is_over_all_outputs_or_those_of_the_tasks(context: Context) -> None:
    assert isinstance(context.criterion(), nn.CrossEntropyLoss)
    tasks = ((0, 1), (2, 3, 4))
    own = replace(context, task_outputs=tasks, loss="own").criterion()
    seen = replace(context, task_outputs=tasks, loss="seen").criterion()
    assert isinstance(own, OwnOutputs)
    assert isinstance(seen, OutputsSeen)
    for criterion in (own, seen):
        assert criterion.table.int().tolist() == [
            [1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 1, 1, 1, 0, 0, 0, 0, 0],
        ]


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)])
def test_the_optimizer_has_the_benchmarks_learning_rate_for_every_weight(
    name: Literal["adam", "sgd"], kind: type[torch.optim.Optimizer], context: Context
) -> None:
    model = context.model()
    optimizer = replace(context, optimizer=name).make_optimizer(model)
    assert type(optimizer) is kind
    [group] = optimizer.param_groups
    assert group["lr"] == context.learning_rate
    assert group["fused"]
    assert {id(weight) for weight in group["params"]} == {id(w) for w in model.parameters()}


@pytest.mark.parametrize("name", methods())
def test_a_method_learns_by_the_optimizer_that_is_asked_for_or_says_that_it_does_not(
    name: str, context: Context
) -> None:
    method = methods()[name]
    strategy = method().build(replace(context, optimizer="sgd"))
    assert isinstance(strategy.optimizer, torch.optim.Adam) is method.adam_alone


def test_arguments_are_the_budget_and_plugins_of_the_harness(context: Context) -> None:
    arguments = context.strategy_arguments()
    assert arguments["train_mb_size"] == context.batch_size
    assert arguments["train_epochs"] == context.epochs
    assert arguments["device"] == context.device
    assert arguments["plugins"] == list(context.plugins)
    assert isinstance(arguments["evaluator"], NoMetrics)


def test_a_method_may_add_plugins_without_giving_them_to_the_next(context: Context) -> None:
    context.strategy_arguments()["plugins"].append("a plugin of one method")
    assert context.strategy_arguments()["plugins"] == list(context.plugins)
