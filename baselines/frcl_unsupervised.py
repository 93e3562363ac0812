"""Functional regularisation with Gaussian processes, without task labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from baselines.components.switch_detecting import SwitchDetectingBaseline
from baselines.interface import Range, Requirement, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class FRCLUnsupervised(SwitchDetectingBaseline):
    """FRCL on a stream without task labels, of which it detects the tasks itself.

    As published, a batch is of a new task if, by Welch's t-test, what is predicted
    for it is nearer to the prior than it was for the batches before. The test is that of
    `rmn_unsupervised`: it compares with many batches and not one, and its divergence is that of the
    predicted classes, where the publication has the symmetric one of the Gaussian function values.
    Inducing points are random ones, drawn while a task lasts (FRCL-RND); its other examples
    are gone when its end is noticed, so that the trace criterion has nothing to choose from.

    The publication evaluates with the task identity. Here, where it is not given, a task is
    inferred by its mean prediction. N, the number of a task's examples in the loss, is a setting:
    of the length of a task nothing is known.
    """

    name: ClassVar[str] = "frcl_unsupervised"
    title: ClassVar[str] = "FRCL (no labels)"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#6d8fd6"
    counterpart: ClassVar[str] = "frcl"
    reference: ClassVar[str] = "Titsias et al., ICLR 2020"
    rule: ClassVar[str] = "max-logit"
    requirements: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.REPLAY, Requirement.HEAD_PER_TASK}
    )
    check_settings: ClassVar[Mapping[str, Any]] = {"per_task": 20}

    per_task: int = setting(200, "inducing points of each task", minimum=1)
    prior_variance: float = setting(
        1.0,
        "variance of the output layer's weights in the prior",
        minimum=1e-6,
        search=Range(0.01, 10.0),
    )
    jitter: float = setting(1e-3, "what is added to the diagonal of kernels", minimum=1e-9)
    task_examples: int = setting(
        12_000, "examples that a task is taken to have; divergences weigh one over it", minimum=1
    )
    detector: Literal["loss", "divergence", "features"] = setting(
        "divergence", "what a task switch shows in: loss, KL divergence (published) or features"
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The backbone with a Gaussian output layer for each task that is detected."""
        from baselines.components.gaussian_process.network import GaussianProcessNetwork
        from baselines.components.gaussian_process.stream_training import (
            StreamFunctionTraining,
            StreamInducingPointPlugin,
        )

        model = GaussianProcessNetwork(
            context.network(), context.outputs, norm=context.batch_norm, rule=self.rule
        )
        return StreamFunctionTraining(
            functions=StreamInducingPointPlugin(
                detector=self.switch_detector(),
                per_task=self.per_task,
                task_examples=self.task_examples,
                prior_variance=self.prior_variance,
                jitter=self.jitter,
                seed=context.seed,
            ),
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            **context.strategy_arguments(),
        )
