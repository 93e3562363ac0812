"""Riemannian walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from baselines.interface import Baseline, Range, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class RiemannianWalk(Baseline):
    """RWalk: importance is Fisher information and the share of a loss decrease, both from 0 to 1.

    As published (Equations 6 to 9), without the stored examples that the publication adds in
    class-il, and with steps of the comparison's Adam. Of the authors' code (facebookresearch/agem)
    it has the share of the newest gradient and the length of an interval; the code leaves out the
    half in the distance, and adds averaged scores to the old ones instead of replacing them.
    """

    name: ClassVar[str] = "rwalk"
    title: ClassVar[str] = "RWalk"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#2f9e8f"
    reference: ClassVar[str] = "Chaudhry, Dokania, Ajanthan, Torr, ECCV 2018"
    penalty_setting: ClassVar[str] = "rwalk_lambda"
    check_settings: ClassVar[Mapping[str, Any]] = {"rwalk_lambda": 1.0}

    rwalk_lambda: float = setting(
        10.0, "strength lambda of the penalty", minimum=0, search=Range(0.01, 1e4)
    )
    alpha: float = setting(
        0.9, "share of the newest gradient in the Fisher information", minimum=0, maximum=1
    )
    interval: int = setting(10, "steps between two scores", minimum=1)
    eps: float = setting(1e-7, "damping of the score", minimum=1e-12)

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.riemannian_walk import RiemannianWalkPlugin

        plugin = RiemannianWalkPlugin(
            strength=self.rwalk_lambda,
            alpha=self.alpha,
            interval=self.interval,
            eps=self.eps,
        )
        return fine_tuning(context, plugin)
