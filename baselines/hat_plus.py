"""Hard attention to the task with a task router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from baselines.components.routed import Routed
from baselines.hat import HAT
from baselines.interface import Requirement, Role
from baselines.registry import register


@register
@dataclass(frozen=True)
class HATPlus(Routed, HAT):
    """HAT with a task router, to see what RMN adds to a router."""

    name: ClassVar[str] = "hat_plus"
    title: ClassVar[str] = "HAT+"
    role: ClassVar[Role] = Role.ROUTED
    colour: ClassVar[str] = "#8c0800"
    tuning_source: ClassVar[str] = "hat"
    requirements: ClassVar[frozenset[Requirement]] = HAT.requirements | {Requirement.STATISTICS}
