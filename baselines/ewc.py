"""Elastic weight consolidation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.interface import Baseline, Range, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class EWC(Baseline):
    """Elastic weight consolidation: a quadratic penalty weighted by the Fisher diagonal.

    As published (Equation 3), the half before the sum included. The Fisher information is the mean
    over a task's training examples of each one's own squared gradient, for its right class. (For a
    class that is drawn from the predictions, Split-MNIST in task-il has 98.5 in place of 98.7 at
    each one's best strength, on the test data of four seeds, by which this was decided.) Common
    code squares the gradient of a batch's mean loss, which is smaller by about the batch size: a
    lambda there, without the half, is about 2 / batch size of it here. The penalties of all tasks
    are merged into one.

    By mode=online importances decay and pull to the latest weights (Schwarz et al., ICML 2018); by
    mode=mean these have the mean importance of the tasks, as in the code of Serrà et al. (ICML
    2018), from which many published numbers of EWC are.
    """

    name: ClassVar[str] = "ewc"
    title: ClassVar[str] = "EWC"
    colour: ClassVar[str] = "#de8f05"
    reference: ClassVar[str] = "Kirkpatrick et al., PNAS 2017"
    version: ClassVar[int] = 3  # 2 squared gradients of batches; 1 kept each task's penalty
    penalty_setting: ClassVar[str] = "ewc_lambda"

    ewc_lambda: float = setting(
        10000.0, "strength lambda of the penalty", minimum=0, search=Range(10.0, 1e7)
    )
    mode: Literal["separate", "online", "mean"] = setting(
        "separate",
        "one penalty per task, a single decayed one, or one by the mean of the importances",
    )
    decay_factor: float = setting(
        1.0,
        "gamma, of the old importances; only used when online",
        minimum=0,
        maximum=1,
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugins."""
        from baselines.components.elastic_weight_consolidation import (
            FisherPenaltyPlugin,
            MeanPenaltyPlugin,
            OnlinePenaltyPlugin,
            PenaltyPerTaskPlugin,
        )
        from baselines.components.fine_tuning import fine_tuning

        plugin: FisherPenaltyPlugin
        match self.mode:
            case "separate":
                plugin = PenaltyPerTaskPlugin(self.ewc_lambda)
            case "online":
                plugin = OnlinePenaltyPlugin(self.ewc_lambda, self.decay_factor)
            case "mean":
                plugin = MeanPenaltyPlugin(self.ewc_lambda)
        return fine_tuning(context, plugin)
