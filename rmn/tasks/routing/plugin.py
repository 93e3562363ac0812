"""Task routers as an Avalanche plugin."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import torch
from avalanche.training.plugins import SupervisedPlugin
from torch.utils.data import DataLoader

from rmn.tasks.routing.router import Router

_BATCH: Final = 1000


class RoutingPlugin(SupervisedPlugin):
    """Fits routers to each experience in one pass, when the network has learned it.

    Give it to a strategy whose model answers per task (`rmn.tasks.routing.AnswersPerTask`), after the
    plugin that finishes the task.

    Args:
        routers: by the names of their rules.

    Attributes:
        seconds: spent on fitting each router so far.
    """

    def __init__(self, routers: Mapping[str, Router]) -> None:
        super().__init__()
        self.routers = dict(routers)
        self.seconds = dict.fromkeys(routers, 0.0)

    @torch.no_grad()
    def after_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Show each router the experience's training data."""
        for router in self.routers.values():
            router.begin_task()
        dataset = strategy.experience.dataset
        loader = DataLoader(dataset, batch_size=_BATCH, collate_fn=dataset.collate_fn)
        strategy.model.eval()
        for x, y, *_ in loader:
            for name, router in self.routers.items():
                started = time.perf_counter()
                router.learn(x.to(strategy.device), y.to(strategy.device), strategy.model)
                self.seconds[name] += time.perf_counter() - started
        for name, router in self.routers.items():
            started = time.perf_counter()
            router.finish_task()
            self.seconds[name] += time.perf_counter() - started
        strategy.model.train()
