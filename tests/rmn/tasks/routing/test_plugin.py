"""Routers fitted by the plugin in an Avalanche strategy, on real digits."""

from collections.abc import Sequence

import torch
from avalanche.benchmarks import DatasetExperience
from avalanche.training.plugins import EvaluationPlugin
from torch import Tensor

from harness.training.networks import mlp
from rmn import RMN, convert
from rmn.tasks.routing import ROUTERS, RoutingPlugin


def test_routers_name_real_tasks(
    experiences: Sequence[DatasetExperience], test_sets: list[tuple[Tensor, Tensor]]
) -> None:
    torch.manual_seed(0)
    routers = {name: kind(10) for name, kind in ROUTERS.items()}
    plugin = RoutingPlugin(routers)
    model = convert(mlp(10))
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        plugins=[plugin],
        train_mb_size=64,
        train_epochs=2,
        evaluator=EvaluationPlugin(),
    )
    for experience in experiences[:3]:
        strategy.train(experience)
    model.eval()
    right = {}
    with torch.no_grad():
        for name, router in routers.items():
            inferred = [router.scores(x, model).argmax(0) for x, _ in test_sets[:3]]
            hits = [tasks == task for task, tasks in enumerate(inferred)]
            right[name] = float(torch.cat(hits).float().mean())
    chance = 1 / 3
    assert right["ridge-filters"] > 0.9
    assert right["ridge-units"] > 0.9
    assert right["pixel-gaussian"] > 2 * chance
    assert all(share > chance for share in right.values())
    assert all(seconds > 0 for seconds in plugin.seconds.values())
