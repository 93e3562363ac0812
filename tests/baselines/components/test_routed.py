"""A method with a router is the method itself, and a plugin more."""

from __future__ import annotations

from typing import get_args, get_type_hints

import torch

from baselines.components.routed import Routed
from baselines.context import Context
from baselines.hat_plus import HATPlus
from baselines.registry import methods
from baselines.rmn_plus import RMNPlus
from baselines.single_plus import SinglePlus
from harness.data.streams import Stream
from harness.storage.schema import RULES
from rmn.tasks.inference import RULES as NETWORK_RULES
from rmn.tasks.routing import ROUTERS, FilterRidge, RoutingPlugin


def test_the_routers_name_is_the_rule() -> None:
    assert SinglePlus().default_rule == "ridge-filters"
    assert HATPlus(router="pixel-gaussian").default_rule == "pixel-gaussian"
    assert RMNPlus.rule == "max-logit"  # the method's own stays


def test_one_router_is_fitted_or_all_of_them(context: Context) -> None:
    for every, names in ((False, ["calibrated-logit"]), (True, list(ROUTERS))):
        method = SinglePlus(router="calibrated-logit", every_router=every)
        [plugin] = [p for p in method.build(context).plugins if isinstance(p, RoutingPlugin)]
        assert list(plugin.routers) == names
        assert {router.outputs for router in plugin.routers.values()} == {context.outputs}


def test_the_number_of_filters_is_that_of_the_router(context: Context) -> None:
    for filters in (96, 12):
        method = SinglePlus(filters=filters, every_router=True)
        [plugin] = [p for p in method.build(context).plugins if isinstance(p, RoutingPlugin)]
        router = plugin.routers["ridge-filters"]
        assert isinstance(router, FilterRidge)
        assert (router.filters, router.pooled) == (filters, 3)


def test_a_router_changes_nothing_that_the_method_learns(context: Context, stream: Stream) -> None:
    learned = []
    for method in (methods()["single"](), SinglePlus(router="pixel-gaussian")):
        torch.manual_seed(0)
        strategy = method.build(context)
        for experience in stream.experiences[:2]:
            strategy.train(experience, reset_optimizer_state=True)
        learned.append(strategy.model.state_dict())
    assert all(torch.equal(value, learned[1][name]) for name, value in learned[0].items())


def test_the_router_is_fitted_after_the_task_is_finished(context: Context) -> None:
    """It asks the network about each learned task, the one just learned among them."""
    for name in ("hat_plus", "rmn_plus", "single_plus"):
        plugins = methods()[name]().build(context).plugins
        assert isinstance(plugins[-1], RoutingPlugin)


def test_every_router_is_a_setting() -> None:
    names = {"Context": object, "SupervisedTemplate": object}  # imported for type checking alone
    assert set(get_args(get_type_hints(Routed, localns=names)["router"])) == set(ROUTERS)


def test_what_every_rule_needs_is_explained() -> None:
    assert set(RULES) == set(ROUTERS) | set(NETWORK_RULES)
