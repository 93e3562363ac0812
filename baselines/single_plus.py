"""A network per task with a task router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from baselines.components.routed import Routed
from baselines.interface import Requirement, Role
from baselines.registry import register
from baselines.single import Single


@register
@dataclass(frozen=True)
class SinglePlus(Routed, Single):
    """A network per task with a task router: the bound for every method that is given one."""

    name: ClassVar[str] = "single_plus"
    title: ClassVar[str] = "Single+"
    role: ClassVar[Role] = Role.ROUTED
    colour: ClassVar[str] = "#592f0d"
    tuning_source: ClassVar[str] = "single"
    requirements: ClassVar[frozenset[Requirement]] = Single.requirements | {Requirement.STATISTICS}
