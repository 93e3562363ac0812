"""Task routers as an Avalanche plugin."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor
from torch.utils.data import DataLoader

from rmn.tasks.routing.router import Router

_BATCH_SIZE: Final = 1000
"""Examples that the network is given at a time, or as many as the strategy's larger batch has."""


class RoutingPlugin(SupervisedPlugin):
    """Fits routers to each experience in one pass, after the network has learned it.

    Use it with a strategy whose model has outputs per task (`OutputsPerTask`), and add it after the
    plugin that finishes the task.

    Args:
        routers: routers by the names of their rules.

    Attributes:
        seconds: time spent on fitting each router so far.
    """

    def __init__(self, routers: Mapping[str, Router]) -> None:
        super().__init__()
        self.routers = dict(routers)
        self.seconds = dict.fromkeys(routers, 0.0)

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Find out whether the routers can be fitted to such inputs.

        Raises:
            ValueError: one cannot.
        """
        for router in self.routers.values():
            router.check_inputs(first_input(strategy))

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Fit each router to the experience's training data."""
        for router in self.routers.values():
            router.begin_task()
        dataset = strategy.experience.dataset
        size = min(_BATCH_SIZE, max(strategy.train_mb_size, strategy.eval_mb_size))
        loader = DataLoader(dataset, batch_size=size, collate_fn=dataset.collate_fn)
        strategy.model.eval()
        for x, y, *_ in loader:
            for name, router in self.routers.items():
                started = time.perf_counter()
                router.partial_fit(x.to(strategy.device), y.to(strategy.device), strategy.model)
                self.seconds[name] += time.perf_counter() - started
        for name, router in self.routers.items():
            started = time.perf_counter()
            router.finish_task()
            self.seconds[name] += time.perf_counter() - started
        strategy.model.train()


def first_input(strategy: SupervisedTemplate) -> Tensor:
    """The first input of the experience in training, (1, ...)."""
    return torch.as_tensor(strategy.experience.dataset[0][0])[None]
