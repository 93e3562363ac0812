"""Relevance Mapping Networks with a task router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from baselines.components.routed import Routed
from baselines.interface import Requirement, Role, setting
from baselines.registry import register
from baselines.rmn import RMNBaseline


@register
@dataclass(frozen=True)
class RMNPlus(Routed, RMNBaseline):
    """RMN (Algorithm 1) with a task router in place of the paper's max rule; beyond the paper."""

    name: ClassVar[str] = "rmn_plus"
    title: ClassVar[str] = "RMN+"
    role: ClassVar[Role] = Role.ROUTED
    colour: ClassVar[str] = "#001c7f"
    tuning_source: ClassVar[str] = "rmn"
    requirements: ClassVar[frozenset[Requirement]] = RMNBaseline.requirements | {
        Requirement.STATISTICS
    }

    quiet_weight: float = setting(
        0.0, "weight of the output on negatives after each step on data; 0: no such step", minimum=0
    )
    negatives: Literal["noise", "shuffled"] = setting(
        "shuffled", "inputs of no task: Gaussian noise (the paper's) or the task's, pixels shuffled"
    )

    def training(self) -> dict[str, Any]:
        """Arguments of `rmn.RMNPlugin`, with the step on negatives."""
        return {
            **super().training(),
            "negative_loss_weight": self.quiet_weight,
            "negative_samples": self.negatives,
        }
