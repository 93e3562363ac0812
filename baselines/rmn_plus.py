"""Relevance Mapping Networks with a task router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from baselines.components.routed import Routed
from baselines.interface import Relaxation
from baselines.registry import register
from baselines.rmn import RMNBaseline


@register
@dataclass(frozen=True)
class RMNPlus(Routed, RMNBaseline):
    """RMN (Algorithm 1) with a task router in place of the paper's max rule; beyond the paper."""

    name: ClassVar[str] = "rmn_plus"
    title: ClassVar[str] = "RMN+"
    tuned_as: ClassVar[str] = "rmn"
    relaxations: ClassVar[frozenset[Relaxation]] = RMNBaseline.relaxations | {Relaxation.STATISTICS}
