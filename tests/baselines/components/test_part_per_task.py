"""Networks and heads of each task's own."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from baselines.components.part_per_task import HeadPerTask, NetworkPerTask, PartPerTask
from baselines.components.single_task_training import SingleTaskTraining
from baselines.context import Context
from harness.data.streams import Stream
from harness.training.networks import mlp
from rmn.tasks.routing import ROUTERS, RoutingPlugin


class Experience:
    def __init__(self, *labels: int) -> None:
        self.task_labels = labels


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))


@pytest.mark.parametrize("make", [lambda: NetworkPerTask(network), lambda: HeadPerTask(network())])
def test_each_input_is_answered_by_its_tasks_part(make: Callable[[], PartPerTask]) -> None:
    model = make()
    for label in (4, 7, 4):
        model.train()
        model.adaptation(Experience(label))
    assert model.labels == [4, 7]
    x = torch.randn(4, 3)
    first, second = model.logits_per_task(x)
    assert not torch.equal(first, second)
    assert torch.equal(model(x, 4), first)
    assert torch.equal(model(x, torch.full((4,), 7)), second)
    assert torch.equal(model(x, 9), second)  # never trained: the latest part
    mixed = model(x, torch.tensor([4, 7, 7, 4]))
    torch.testing.assert_close(mixed, torch.stack([first[0], second[1], second[2], first[3]]))


def test_a_network_per_task_has_features_and_fingerprints_of_its_own() -> None:
    model = NetworkPerTask(network)
    for label in range(2):
        model.adaptation(Experience(label))
    x = torch.randn(4, 3)
    features = model.features_per_task(x)
    assert features.shape == (2, 4, 4)
    before = [model.fingerprint(task) for task in range(2)]
    with torch.no_grad():
        next(model.parts[1].parameters()).add_(1)
    after = [model.fingerprint(task) for task in range(2)]
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


def test_a_head_must_be_a_linear_layer_without_bias() -> None:
    with pytest.raises(ValueError, match="without bias"):
        HeadPerTask(nn.Sequential(nn.Linear(3, 2)))


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
