"""Giving a method that needs a task identity a router that names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from baselines.interface import Baseline, setting

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@dataclass(frozen=True)
class Routed(Baseline):
    """Put it before a method among the bases of a class; the method then has a task router."""

    router: Literal[
        "pixel-gaussian", "feature-gaussian", "calibrated-logit", "ridge-units", "ridge-filters"
    ] = setting("ridge-filters", "what names the task when it is not given, see rmn.tasks.routing")
    every_router: bool = setting(
        False, "fit the other routers as well, to compare them all on one run"
    )

    filters: int = setting(
        96,
        "random filters of ridge-filters; bytes grow with the square of their number",
        minimum=1,
    )

    pooled: int = setting(
        3,
        "regions along each side of an image in which ridge-filters takes means; bytes grow with "
        "the fourth power",
        minimum=1,
    )

    @property
    def default_rule(self) -> str:
        """The router's name."""
        return self.router

    def build(self, context: Context) -> SupervisedTemplate:
        """The method's own strategy with a plugin that fits the router after each task."""
        from rmn.tasks.routing import ROUTERS, FilterRidge, RoutingPlugin

        strategy: Any = super().build(context)  # type: ignore[safe-super]
        names = list(ROUTERS) if self.every_router else [self.router]
        routers = {name: ROUTERS[name](context.outputs) for name in names}
        if "ridge-filters" in routers:
            routers["ridge-filters"] = FilterRidge(
                context.outputs, filters=self.filters, pooled=self.pooled
            )
        strategy.plugins.append(RoutingPlugin(routers))
        built: SupervisedTemplate = strategy
        return built
