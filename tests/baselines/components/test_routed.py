"""Every router is a setting of methods that have one, and its costs are explained."""

from typing import get_args, get_type_hints

from baselines.components.routed import Routed
from harness.storage.schema import RULES
from rmn.tasks.inference import RULES as NETWORK_RULES
from rmn.tasks.routing import ROUTERS


def test_every_router_is_a_setting() -> None:
    names = {"Context": object, "SupervisedTemplate": object}  # imported for type checking alone
    assert set(get_args(get_type_hints(Routed, localns=names)["router"])) == set(ROUTERS)


def test_what_every_rule_needs_is_explained() -> None:
    assert set(RULES) == set(ROUTERS) | set(NETWORK_RULES)
