"""Functional regularisation for continual learning with Gaussian processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from baselines.components.rehearsing import RehearsingBaseline
from baselines.interface import Range, Requirement, Role, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.components.gaussian_process.plugin import InducingPointPlugin
    from baselines.context import Context


@register
@dataclass(frozen=True)
class FRCL(RehearsingBaseline):
    """FRCL: a Gaussian process over shared features for each task, remembered at a few inputs.

    As published (Section 2): weights of the output layer have a full Gaussian posterior for
    each output, of which a task keeps the function values at its inducing points; later features
    are held to these by KL terms. Each task has an output layer of its own, and is answered by the
    one that follows from its inducing points under the present features. The answer is the mean
    prediction; the publication averages over draws. Inducing points are random ones, the
    publication's FRCL-RND, or, with `inducing=trace`, those of its trace criterion (Equation 6),
    which had 0.7 points more on Split-MNIST: random ones refined by random swaps, of which the
    publication does not say how many it proposes.

    The posterior has a covariance for each output, of the square of the number of features: for
    ResNet-18 that is more than the network. Each step answers all stored examples and factorises
    the kernels of all earlier tasks, so that training is slower than Naive's by about ten times at
    nine earlier tasks.
    """

    name: ClassVar[str] = "frcl"
    title: ClassVar[str] = "FRCL"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#6d8fd6"
    reference: ClassVar[str] = "Titsias et al., ICLR 2020"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.REPLAY, Requirement.HEAD_PER_TASK, Requirement.TASK_IDENTITY}
    )

    prior_variance: float = setting(
        1.0,
        "variance of the output layer's weights in the prior",
        minimum=1e-6,
        search=Range(0.01, 10.0),
    )
    jitter: float = setting(1e-3, "what is added to the diagonal of kernels", minimum=1e-9)
    inducing: Literal["random", "trace"] = setting(
        "random", "inducing points: random ones, or refined by the trace criterion", later=True
    )
    proposals: int = setting(
        1000, "swaps that the trace criterion proposes after a task", minimum=0, later=True
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The backbone with a Gaussian output layer for each task."""
        from baselines.components.gaussian_process.network import GaussianProcessNetwork
        from baselines.components.task_network_training import LabelledTaskNetworkTraining

        own = context.task_outputs
        model = GaussianProcessNetwork(
            context.network(),
            max(map(len, own)) if own else context.outputs,
            norm=context.batch_norm,
            rule=self.rule,
        )
        arguments = context.strategy_arguments()
        arguments["plugins"].append(self._plugin(context))
        return LabelledTaskNetworkTraining(
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            **arguments,
        )

    def _plugin(self, context: Context) -> InducingPointPlugin:
        from baselines.components.gaussian_process import plugin

        common: dict[str, Any] = {
            "prior_variance": self.prior_variance,
            "jitter": self.jitter,
            "own_outputs": bool(context.task_outputs),
        }
        budget = self.memory_budget(context)
        if self.inducing == "trace":
            return plugin.TraceCriterionPlugin(budget, proposals=self.proposals, **common)
        return plugin.InducingPointPlugin(budget, **common)
