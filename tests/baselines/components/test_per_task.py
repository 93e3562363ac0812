"""Networks of which layers, or all of it, have a copy for each task label."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from baselines.components.per_task import (
    BatchNormPerTask,
    NetworkPerTask,
    PerTask,
    PerTaskNetwork,
    with_batch_norm_per_task,
    with_head_per_task,
)
from baselines.components.single_task_training import SingleTaskTraining
from baselines.context import Context
from harness.data.streams import Stream
from harness.training.networks import NETWORKS, mlp
from rmn.tasks.routing import ROUTERS, RoutingPlugin


def network(hidden: int = 4) -> nn.Sequential:
    layers = [nn.Linear(3, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, 2, bias=False)]
    return nn.Sequential(*layers)


def normed(hidden: int = 4) -> nn.Sequential:
    layers = [nn.Linear(3, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(hidden, 2, bias=False))


def grown(model: Any, *labels: int) -> Any:
    """The model after it was shown some task labels."""
    for label in labels:
        model.adaptation(SimpleNamespace(task_labels=[label]))
    return model


MAKERS: dict[str, Callable[[], nn.Module]] = {
    "networks": lambda: NetworkPerTask(network),
    "heads": lambda: PerTaskNetwork(with_head_per_task(network())),
    "norms": lambda: PerTaskNetwork(with_batch_norm_per_task(normed())),
    "heads and norms": lambda: PerTaskNetwork(
        with_head_per_task(with_batch_norm_per_task(normed()))
    ),
}


@pytest.fixture(params=MAKERS)
def model(request: pytest.FixtureRequest) -> Any:
    """With copies for the tasks 7 and 3, in this order, each trained a little on its own."""
    torch.manual_seed(0)
    made = grown(MAKERS[request.param](), 7, 3)
    optimizer = torch.optim.SGD(made.parameters(), lr=0.1)
    for label in (7, 3):
        for _ in range(3):
            optimizer.zero_grad()
            made(torch.randn(16, 3) + label, label).square().sum().backward()
            optimizer.step()
    return made.eval()


def test_labels_are_told_apart(model: Any) -> None:
    x = torch.randn(5, 3)
    assert not torch.equal(model(x, 7), model(x, 3))
    assert torch.equal(model.forward_single_task(x, 3), model(x, 3))


def test_without_a_label_there_are_answers_under_each(model: Any) -> None:
    x = torch.randn(5, 3)
    answers = model(x, None)
    assert [*answers] == [7, 3]
    assert all(torch.equal(logits, model(x, label)) for label, logits in answers.items())


def test_mixed_labels_are_answered_one_by_one(model: Any) -> None:
    x, labels = torch.randn(6, 3), torch.tensor([3, 7, 7, 3, 99, 7])
    expected = torch.cat([model(x[n : n + 1], int(label)) for n, label in enumerate(labels)])
    torch.testing.assert_close(model(x, labels), expected)
    same = torch.full((6,), 7)
    assert torch.equal(model(x, same), model(x, 7))


def test_an_unknown_label_is_answered_by_the_latest_copies(model: Any) -> None:
    x = torch.randn(2, 3)
    assert torch.equal(model(x, 99), model(x, 3))


def test_before_any_task_the_first_copies_answer() -> None:
    for make in MAKERS.values():
        made = make().eval()
        x = torch.randn(2, 3)
        assert torch.equal(made(x, 5), made(x, torch.tensor([0, 1])))


def copies(model: nn.Module) -> int:
    """Number of copies of each layer that has any; the same for all of them."""
    [number] = {len(layer.copies) for layer in model.modules() if isinstance(layer, PerTask)}
    return number


def test_a_copy_is_added_for_a_new_label_only_and_in_training_only(model: Any) -> None:
    grown(model, 5)
    assert (copies(model), model.labels) == (2, [7, 3])
    grown(model.train(), 7, 3)
    assert (copies(model), model.labels) == (2, [7, 3])
    grown(model, 5)
    assert (copies(model), model.labels) == (3, [7, 3, 5])
    model.adaptation(SimpleNamespace(task_labels=[3, 8, 9]))
    assert (copies(model), model.labels) == (5, [7, 3, 5, 8, 9])


def of_copy(model: nn.Module, number: int) -> dict[str, Tensor]:
    """Weights and statistics of the copies with this number."""
    return {n: v.clone() for n, v in model.state_dict().items() if f"copies.{number}." in n}


def test_training_on_one_task_moves_no_copy_of_another(model: Any) -> None:
    before = of_copy(model, 0), of_copy(model, 1)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(8, 3), torch.full((8,), 3)).square().sum().backward()
        optimizer.step()
    for name, value in of_copy(model, 0).items():
        assert torch.equal(value, before[0][name])
    assert any(not torch.equal(v, before[1][n]) for n, v in of_copy(model, 1).items())


def norms_of(layer: nn.BatchNorm1d, number: int) -> list[nn.BatchNorm1d]:
    return [copy.deepcopy(layer) for _ in range(number)]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=4))
def test_norms_of_mixed_batches_are_those_of_each_tasks_examples(
    batches: Sequence[Sequence[int]],
) -> None:
    """Against a BatchNorm for each task that is given that task's examples alone."""
    torch.manual_seed(0)
    layer = nn.BatchNorm1d(3)
    layer.weight.data = torch.tensor([1.0, 2.0, 3.0])
    separate = norms_of(layer, 3)
    together = BatchNormPerTask(layer)
    together.copies = nn.ModuleList(norms_of(layer, 3))
    for labels in map(torch.tensor, batches):
        x = torch.randn(len(labels), 3) + labels[:, None]
        together.chosen = labels
        output = together(x)
        for task in set(labels.tolist()):
            own = x[labels == task]
            norm = separate[task]
            if len(own) == 1:  # it has no variance: as at test
                expected = norm.eval()(own)
                norm.train()
            else:
                expected = norm(own)
            torch.testing.assert_close(output[labels == task], expected)
    for norm, copied in zip(separate, together.copies, strict=True):
        for name, value in norm.state_dict().items():
            torch.testing.assert_close(copied.state_dict()[name], value)
    labels = torch.tensor([0, 1, 2, 1])
    x = torch.randn(4, 3)
    together.eval().chosen = labels
    alone = [separate[task].eval()(x[n : n + 1]) for n, task in enumerate(labels.tolist())]
    torch.testing.assert_close(together(x), torch.cat(alone))


def test_gradients_of_mixed_batches_are_those_of_each_tasks_examples() -> None:
    layer = nn.BatchNorm2d(2)
    together = BatchNormPerTask(layer)
    together.copies.append(together.fresh())
    labels = torch.tensor([0, 1, 0, 1, 0])
    x = torch.randn(5, 2, 3, 3, requires_grad=True)
    together.chosen = labels
    (together(x) ** 3).sum().backward()
    assert x.grad is not None
    for task in (0, 1):
        own = x.detach()[labels == task].requires_grad_()
        (nn.BatchNorm2d(2)(own) ** 3).sum().backward()
        torch.testing.assert_close(x.grad[labels == task], own.grad)


def test_one_example_alone_leaves_the_statistics_as_they_are() -> None:
    layer = BatchNormPerTask(nn.BatchNorm1d(2))
    layer(torch.randn(8, 2))
    before = of_copy(layer, 0)
    x = torch.randn(1, 2)
    output = layer(x)
    assert all(torch.equal(value, before[name]) for name, value in of_copy(layer, 0).items())
    assert torch.equal(output, layer.eval()(x))


def test_a_fresh_norm_has_seen_nothing() -> None:
    layer = BatchNormPerTask(nn.BatchNorm1d(2, eps=1e-3, momentum=0.3))
    layer(torch.randn(8, 2))
    nn.init.constant_(next(layer.copies[0].parameters()), 5.0)
    fresh = layer.fresh()
    assert isinstance(fresh, nn.BatchNorm1d)
    assert (fresh.eps, fresh.momentum) == (1e-3, 0.3)
    for name, value in nn.BatchNorm1d(2).state_dict().items():
        assert torch.equal(fresh.state_dict()[name], value)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_norm_of_a_backbone_is_replaced_and_none_of_its_answers_changes(name: str) -> None:
    backbone = NETWORKS[name].make(10, "batch")
    x = torch.rand(2, *NETWORKS[name].input_shape)
    number = sum(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in backbone.modules())
    expected = copy.deepcopy(backbone)(x)
    model = PerTaskNetwork(with_batch_norm_per_task(backbone))
    assert torch.equal(model(x, 0), expected)
    layers = [m for m in model.modules() if isinstance(m, BatchNormPerTask)]
    assert len(layers) == number > 0


def counting() -> Callable[[], nn.Module]:
    numbers = count(1)

    def make() -> nn.Module:
        made = network()
        nn.init.constant_(next(made.parameters()), float(next(numbers)))
        return made

    return make


def test_every_task_has_a_network_of_its_own() -> None:
    model: Any = grown(NetworkPerTask(counting()), 0, 1, 2)
    firsts = [made[0].weight.flatten()[0].item() for made in model.networks]
    assert firsts == [1, 2, 3]


def test_logits_per_task_are_in_the_order_of_learning() -> None:
    model: Any = grown(NetworkPerTask(network), 7, 3)
    x = torch.randn(4, 3)
    assert torch.equal(model.logits_per_task(x), torch.stack([model(x, 7), model(x, 3)]))


def test_a_fingerprint_is_of_one_network_alone() -> None:
    model: Any = grown(NetworkPerTask(network), 0, 1)
    before = [model.fingerprint(task) for task in (0, 1)]
    assert before[0] != before[1]
    with torch.no_grad():
        model.networks[1][0].weight[0, 0] += 1e-3
    after = [model.fingerprint(task) for task in (0, 1)]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_features_are_what_each_last_layer_is_given() -> None:
    model: Any = grown(NetworkPerTask(network), 0, 1)
    x = torch.randn(5, 3)
    features: Tensor = model.features_per_task(x)
    assert features.shape == (2, 5, 4)
    for made, given_features in zip(model.networks, features, strict=True):
        torch.testing.assert_close(made[2](given_features), made(x))


def test_heads_share_everything_else() -> None:
    backbone = network()
    x = torch.randn(5, 3)
    expected = backbone(x)
    model: Any = PerTaskNetwork(with_head_per_task(backbone))
    assert torch.equal(model(x, 0), expected)  # the backbone's own layer is the first head
    grown(model, 0, 1)
    first, second = (of_copy(model, number) for number in (0, 1))
    assert [v.shape for v in first.values()] == [v.shape for v in second.values()] == [(2, 4)]
    assert not torch.equal(*first.values(), *second.values())
    shared = [name for name, _ in model.named_parameters() if "copies" not in name]
    assert shared == ["body.0.weight"]


def test_a_network_of_one_layer_is_its_head() -> None:
    model: Any = grown(PerTaskNetwork(with_head_per_task(nn.Linear(3, 2, bias=False))), 0, 1)
    x = torch.randn(2, 3)
    assert not torch.equal(model(x, 0), model(x, 1))


def test_a_head_is_a_linear_layer() -> None:
    last = nn.Conv2d(1, 1, 1, bias=False)
    with pytest.raises(ValueError, match="a head is a Linear layer, not Conv2d"):
        with_head_per_task(nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), last))


def test_a_head_may_have_a_bias_of_its_own() -> None:
    model: Any = grown(PerTaskNetwork(with_head_per_task(nn.Linear(3, 2))), 0, 1)
    first, second = model.body.copies
    assert not torch.equal(first.bias, second.bias)


def test_routers_name_the_tasks_of_networks_of_their_own(context: Context, stream: Stream) -> None:
    torch.manual_seed(0)
    routers = {name: ROUTERS[name](10) for name in ("ridge-filters", "feature-gaussian")}
    arguments = context.strategy_arguments()
    arguments["plugins"].append(RoutingPlugin(routers))
    model = NetworkPerTask(lambda: mlp(10))
    strategy = SingleTaskTraining(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        criterion=nn.CrossEntropyLoss(),
        **arguments,
    )
    for experience in stream.experiences[:3]:
        strategy.train(experience)
    model.eval()
    for name, least in (("ridge-filters", 0.9), ("feature-gaussian", 1 / 3)):
        with torch.no_grad():
            inferred = [routers[name].scores(t.inputs(), model).argmax(0) for t in stream.test[:3]]
        hits = torch.cat([tasks == task for task, tasks in enumerate(inferred)])
        assert hits.float().mean() > least
