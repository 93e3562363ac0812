"""The task routers of a strategy, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.evaluation.measurements import Snapshot, register_measurement
from harness.storage.schema import Row
from rmn.tasks.routing import Router, RoutingPlugin

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


def routers_of(strategy: SupervisedTemplate) -> Mapping[str, Router]:
    """A strategy's task routers by the names of their rules; empty if it has none."""
    plugin = _plugin(strategy)
    return plugin.routers if plugin else {}


@register_measurement
def router_costs(snapshot: Snapshot) -> Iterator[Row]:
    """Bytes that each task router keeps, and seconds of fitting it so far."""
    plugin = _plugin(snapshot.strategy)
    if plugin is None:
        return
    for rule, router in plugin.routers.items():
        values = {"router_bytes": float(router.bytes), "router_seconds": plugin.seconds[rule]}
        for metric, value in values.items():
            yield {"metric": metric, "after": snapshot.after, "rule": rule, "value": value}


def _plugin(strategy: SupervisedTemplate) -> RoutingPlugin | None:
    found = (plugin for plugin in strategy.plugins if isinstance(plugin, RoutingPlugin))
    return next(found, None)
