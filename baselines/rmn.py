"""Relevance Mapping Networks as a method of comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from baselines.interface import Baseline, Context, Relaxation, Told, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


@register
@dataclass(frozen=True)
class RMNBaseline(Baseline):
    """Relevance Mapping Networks, Algorithm 1 (`rmn.RMN`)."""

    name: ClassVar[str] = "rmn"
    title: ClassVar[str] = "RMN"
    reference: ClassVar[str] = (
        "Kaushik, Gain, Kortylewski, Yuille: Understanding Catastrophic Forgetting and Remembering "
        "in Continual Learning with Optimal Relevance Mapping, 2021"
    )
    rule: ClassVar[str] = "max-logit"
    told: ClassVar[Told] = Told.LABELS
    relaxations: ClassVar[frozenset[Relaxation]] = frozenset({Relaxation.TASK_IDENTITY})

    beta: float = setting(50.0, "tightness of the soft-round", minimum=1)
    learn_beta: bool = setting(False, "learn one beta per layer, starting from beta")
    initialisation: Literal["normal", "skewed_normal", "uniform"] = setting(
        "normal", "first values of the mappings; the paper: skewed_normal, its code: uniform"
    )
    spread: float = setting(
        0.02, "standard deviation of the normal initialisation", minimum=0, grid=(0.02, 0.05, 0.15)
    )
    batch_norm: Literal["per-task", "shared"] = setting(
        "per-task", "one BatchNorm per task, or one for all (an ablation)"
    )
    l1_weight: float = setting(0.0, "weight of the mean mapping over free weights", minimum=0)
    l0_weight: float = setting(
        0.3, "weight of the mean relevance over free weights", minimum=0, grid=(0.1, 0.3, 1.0)
    )
    overlap_weight: float = setting(0.0, "weight of the overlap with earlier masks", minimum=0)
    prune_below: float = setting(
        0.05, "mu: relevance at which an entry is pruned", minimum=0, maximum=0.999999
    )
    prune_epoch: int | None = setting(
        None, "epoch of a task after which to prune; none: when its loss has converged", minimum=1
    )
    mapping_lr: float | None = setting(
        0.005, "learning rate of the mappings; none: that of the weights", minimum=0
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """The RMN strategy on the converted backbone."""
        import torch

        from rmn import RMN, RMNPlugin, convert, parameter_groups

        model = convert(
            context.network(),
            beta=self.beta,
            learn_beta=self.learn_beta,
            initialisation=self.initialisation,
            spread=self.spread,
            batch_norm=self.batch_norm,
            head=context.head,
            rule=self.rule,
        )
        optimizer = context.adam(model)
        if self.mapping_lr is not None:
            groups = parameter_groups(model, lr=context.learning_rate, mapping_lr=self.mapping_lr)
            optimizer = torch.optim.Adam(groups, fused=True)
        return RMN(
            model=model,
            optimizer=optimizer,
            rmn=RMNPlugin(**self.training()),
            **context.strategy_arguments(),
        )

    def training(self) -> dict[str, Any]:
        """Arguments of `rmn.RMNPlugin`."""
        return {
            "l1_weight": self.l1_weight,
            "l0_weight": self.l0_weight,
            "overlap_weight": self.overlap_weight,
            "prune_below": self.prune_below,
            "prune_epoch": self.prune_epoch,
        }
