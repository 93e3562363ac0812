"""Hard attention to the task with a task router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from baselines.components.routed import Routed
from baselines.hat import HAT
from baselines.interface import Relaxation
from baselines.registry import register


@register
@dataclass(frozen=True)
class HATPlus(Routed, HAT):
    """HAT with a task router, to see what RMN adds to a router."""

    name: ClassVar[str] = "hat_plus"
    title: ClassVar[str] = "HAT+"
    tuned_as: ClassVar[str] = "hat"
    relaxations: ClassVar[frozenset[Relaxation]] = HAT.relaxations | {Relaxation.STATISTICS}
