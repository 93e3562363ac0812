"""Relevance Mapping Networks without task labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.components.switch_detecting import SwitchDetectingBaseline
from baselines.interface import Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class RMNUnsupervisedBaseline(SwitchDetectingBaseline):
    """Relevance Mapping Networks, Algorithm 2 (`rmn.RMNUnsupervised`)."""

    name: ClassVar[str] = "rmn_unsupervised"
    title: ClassVar[str] = "RMN (no labels)"
    role: ClassVar[Role] = Role.SUBJECT
    colour: ClassVar[str] = "#0173b2"
    adam_alone: ClassVar[bool] = True
    counterpart: ClassVar[str] = "rmn"
    reference: ClassVar[str] = (
        "Kaushik, Gain, Kortylewski, Yuille: Understanding Catastrophic Forgetting and Remembering "
        "in Continual Learning with Optimal Relevance Mapping, 2021"
    )
    version: ClassVar[int] = 2  # 1 had a constant beta and pruned at convergence
    rule: ClassVar[str] = "max-logit"

    filter_by: Literal["label", "activation", "nothing"] = setting(
        "label", "what makes an example known to a finished mask; the paper: activation"
    )
    hold_back: float = setting(
        0.01, "probability below which a warm mask does not learn an example", minimum=0, maximum=1
    )
    noise_weight: float = setting(0.1, "weight of the output on Gaussian noise", minimum=0)
    beta: float = setting(50.0, "tightness of the soft-round when a mask is begun", minimum=1)
    beta_end: float | None = setting(2000.0, "beta to which it rises; none: it stays", minimum=1)
    tightening_steps: int = setting(
        1000,
        "steps over which beta rises after a switch; of the length of a task nothing is known",
        minimum=1,
    )
    spread: float = setting(0.02, "standard deviation of the mappings' first values", minimum=0)
    l0_weight: float = setting(0.3, "weight of the mean relevance over free weights", minimum=0)
    pruning: Literal["none", "converged"] = setting(
        "none", "when to prune: never, or once when the loss of the live mask has converged"
    )
    prune_below: float = setting(
        0.999999, "mu: relevance up to which an entry is pruned", minimum=0, maximum=0.999999
    )
    mapping_lr: float = setting(0.005, "learning rate of the mappings", minimum=0)

    def build(self, context: Context) -> SupervisedTemplate:
        """The unsupervised RMN strategy on the converted backbone."""
        import torch

        from rmn import RelevancePlugin, RMNUnsupervised, convert, parameter_groups

        model = convert(
            context.network(),
            beta=self.beta,
            spread=self.spread,
            batch_norm=context.batch_norm,
            biases="none",  # as in the paper; the other methods keep theirs
            rule=self.rule,
        )
        groups = parameter_groups(model, lr=context.learning_rate, mapping_lr=self.mapping_lr)
        return RMNUnsupervised(
            model=model,
            optimizer=torch.optim.Adam(groups, fused=True),
            detector=self.switch_detector(),
            rmn=RelevancePlugin(
                l0_weight=self.l0_weight,
                beta_end=self.beta_end,
                prune_below=self.prune_below,
                negative_loss_weight=self.noise_weight,
            ),
            filter_by=self.filter_by,
            min_probability=self.hold_back,
            tightening_steps=self.tightening_steps,
            convergence_window=100 if self.pruning == "converged" else None,
            **context.strategy_arguments(),
        )
