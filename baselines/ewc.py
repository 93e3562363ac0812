"""Elastic weight consolidation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.interface import Baseline, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class EWC(Baseline):
    """Elastic weight consolidation: a quadratic penalty weighted by the Fisher diagonal.

    Avalanche estimates it by the squared gradient of each batch's mean loss, so the scale of
    `ewc_lambda` depends on the batch size; nor is there the half before the sum of Kirkpatrick et
    al., Equation 3: a lambda there is half as much here. The penalties of all tasks are merged into
    one.
    """

    name: ClassVar[str] = "ewc"
    title: ClassVar[str] = "EWC"
    colour: ClassVar[str] = "#de8f05"
    reference: ClassVar[str] = "Kirkpatrick et al., PNAS 2017"
    version: ClassVar[int] = 2  # 1 kept each task's penalty, as Avalanche does

    ewc_lambda: float = setting(
        100.0, "strength of the penalty", minimum=0, grid=(1.0, 10.0, 1e2, 1e3, 1e4, 1e5, 1e6)
    )
    mode: Literal["separate", "online"] = setting(
        "separate", "one penalty per task, or a single decayed one"
    )
    decay_factor: float = setting(
        1.0, "of the old importances; only used when online", minimum=0, maximum=1
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with Avalanche's plugin, or ours where that keeps a penalty per task."""
        from avalanche.training.plugins import EWCPlugin
        from avalanche.training.supervised import Naive

        from baselines.components.merged_ewc import MergedEWCPlugin

        model = context.model()
        arguments = context.strategy_arguments()
        arguments["plugins"].append(
            MergedEWCPlugin(self.ewc_lambda)
            if self.mode == "separate"
            else EWCPlugin(self.ewc_lambda, mode=self.mode, decay_factor=self.decay_factor)
        )
        return Naive(
            model=model,
            optimizer=context.adam(model),
            criterion=context.criterion(),
            **arguments,
        )
