"""Networks that grow by a part at each new task label."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.components.part_per_task import HeadPerTask, NetworkPerTask
from baselines.components.per_task import with_head_per_task
from baselines.components.single_task_training import SingleTaskTraining
from baselines.context import Context
from harness.data.streams import Stream
from harness.training.networks import mlp
from rmn.tasks.routing import ROUTERS, RoutingPlugin


def network(hidden: int = 4) -> nn.Sequential:
    layers = [nn.Linear(3, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, 2, bias=False)]
    return nn.Sequential(*layers)


def grown(model: Any, *labels: int) -> Any:
    """The model after it was shown some task labels."""
    for label in labels:
        model.adaptation(SimpleNamespace(task_labels=[label]))
    return model


@pytest.fixture(params=["networks", "heads"])
def model(request: pytest.FixtureRequest) -> Any:
    """With a part for the tasks 7 and 3, in this order."""
    torch.manual_seed(0)
    made = NetworkPerTask(network) if request.param == "networks" else HeadPerTask(network())
    return grown(made, 7, 3)


def test_each_label_is_answered_by_its_part(model: Any) -> None:
    x = torch.randn(5, 3)
    given = model.shared(x)
    assert torch.equal(model(x, 7), model.parts[0](given))
    assert torch.equal(model(x, 3), model.parts[1](given))
    assert torch.equal(model.forward_single_task(x, 3), model(x, 3))
    assert not torch.equal(model(x, 7), model(x, 3))


def test_mixed_labels_are_answered_one_by_one(model: Any) -> None:
    x, labels = torch.randn(6, 3), torch.tensor([3, 7, 7, 3, 99, 7])
    expected = torch.cat([model(x[n : n + 1], int(label)) for n, label in enumerate(labels)])
    torch.testing.assert_close(model(x, labels), expected)
    same = torch.full((6,), 7)
    assert torch.equal(model(x, same), model(x, 7))


def test_an_unknown_label_is_answered_by_the_latest_part(model: Any) -> None:
    x = torch.randn(2, 3)
    assert torch.equal(model(x, 99), model(x, 3))


def test_logits_per_task_are_in_the_order_of_learning(model: Any) -> None:
    x = torch.randn(4, 3)
    assert torch.equal(model.logits_per_task(x), torch.stack([model(x, 7), model(x, 3)]))


def test_a_part_is_added_for_a_new_label_only_and_in_training_only(model: Any) -> None:
    grown(model, 7, 3)
    assert len(model.parts) == 2
    grown(model.eval(), 5)
    assert (len(model.parts), model.labels) == (2, [7, 3])
    grown(model.train(), 5)
    assert (len(model.parts), model.labels) == (3, [7, 3, 5])


def counting() -> Callable[[], nn.Module]:
    numbers = count(1)

    def make() -> nn.Module:
        made = network()
        nn.init.constant_(next(made.parameters()), float(next(numbers)))
        return made

    return make


def test_every_task_has_a_network_of_its_own() -> None:
    model: Any = grown(NetworkPerTask(counting()), 0, 1, 2)
    firsts = [part[0].weight.flatten()[0].item() for part in model.parts]
    assert firsts == [1, 2, 3]


def test_a_fingerprint_is_of_one_network_alone() -> None:
    model: Any = grown(NetworkPerTask(network), 0, 1)
    before = [model.fingerprint(task) for task in (0, 1)]
    assert before[0] != before[1]
    with torch.no_grad():
        model.parts[1][0].weight[0, 0] += 1e-3
    after = [model.fingerprint(task) for task in (0, 1)]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_features_are_what_each_last_layer_is_given() -> None:
    model: Any = grown(NetworkPerTask(network), 0, 1)
    x = torch.randn(5, 3)
    features: Tensor = model.features_per_task(x)
    assert features.shape == (2, 5, 4)
    for part, given in zip(model.parts, features, strict=True):
        torch.testing.assert_close(part[2](given), part(x))


def test_heads_share_everything_else() -> None:
    backbone = network()
    x = torch.randn(5, 3)
    expected = backbone(x)
    model: Any = HeadPerTask(backbone)
    assert torch.equal(model(x, 0), expected)  # the backbone's own layer is the first head
    grown(model, 0, 1)
    assert model.parts[1].weight.shape == model.parts[0].weight.shape
    assert not torch.equal(model.parts[1].weight, model.parts[0].weight)
    shared = [name for name, _ in model.named_parameters() if not name.startswith("parts")]
    assert shared == ["body.0.weight"]


def test_a_head_is_a_linear_layer() -> None:
    last = nn.Conv2d(1, 1, 1, bias=False)
    with pytest.raises(ValueError, match="a head is a Linear layer, not Conv2d"):
        with_head_per_task(nn.Sequential(nn.Linear(3, 4, bias=False), nn.ReLU(), last))


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
