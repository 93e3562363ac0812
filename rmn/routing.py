"""The task router that `RMN(router=...)` gives the network, as an Avalanche plugin."""

from __future__ import annotations

from typing import Any

from avalanche.training.templates import SupervisedTemplate

from rmn.plugin import relevance_network
from rmn.tasks.routing import ROUTERS, RoutingPlugin
from rmn.tasks.routing.plugin import first_input


class NetworkRouting(RoutingPlugin):
    """Attaches a router to the network when it has learned its first task, and fits it to each one.

    The router is part of the network: it is in its `state_dict`, and a network that was loaded with
    one goes on with it. Add it after the plugin that finishes tasks.

    Args:
        name: one of `rmn.tasks.routing.ROUTERS`.

    Raises:
        ValueError: there is no such router; before a task, it cannot be fitted to such inputs, or
            the network has another one or has learned tasks without one.
    """

    def __init__(self, name: str) -> None:
        if name not in ROUTERS:
            raise ValueError(f"router is {name!r}; use one of {tuple(ROUTERS)}")
        super().__init__({})
        self.name = name

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Find out whether the router can be fitted to the network and to such inputs.

        Raises:
            ValueError: it cannot.
        """
        network = relevance_network(strategy)
        if network.router is None and network.tasks:
            raise ValueError(
                f"the network has no router and has learned tasks ({network.tasks}), which a new "
                "one would not know; give the strategy a router from the first task on"
            )
        if network.router is not None and network.rule != self.name:
            raise ValueError(
                f"the network has the router {network.rule!r}, and the strategy {self.name!r}; "
                "give the strategy the same"
            )
        router = ROUTERS[self.name](1) if network.router is None else network.router
        router.check_inputs(first_input(strategy))

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Fit the router to the experience's training data."""
        network = relevance_network(strategy)
        if network.router is None:
            network.attach_router(self.name, strategy.mb_output.shape[-1])
        assert network.router is not None
        self.routers = {self.name: network.router.to(strategy.device)}
        self.seconds.setdefault(self.name, 0.0)
        super().after_training_exp(strategy, **kwargs)
