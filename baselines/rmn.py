"""Relevance Mapping Networks as a method of comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from baselines.interface import Baseline, Range, Requirement, Role, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context

_OF_THE_PAPER: Final = {
    "beta": 80.0,
    "beta_end": None,
    "initialisation": "skewed_normal",
    "pruning": "converged",
    "l0_weight": 0.0,
    "l1_weight": 0.05,
    "overlap_weight": 0.05,
    "transfer": False,
}
"""Section 5.1, and Sections 2.2 (no difference from a beta of 80 on) and 3.2 of the supplement.
The paper prints no weights of the penalties; docs/protocol.md says what was read."""

_OF_THE_PAPER_ON_MNIST: Final = {**_OF_THE_PAPER, "mapping_lr": None, "prune_below": 0.05}
"""One learning rate for all parameters; no mu is printed, so it is that of the other tables."""


@register
@dataclass(frozen=True)
class RMNBaseline(Baseline):
    """Relevance Mapping Networks, Algorithm 1 (`rmn.RMN`)."""

    name: ClassVar[str] = "rmn"
    title: ClassVar[str] = "RMN"
    role: ClassVar[Role] = Role.SUBJECT
    colour: ClassVar[str] = "#0173b2"
    adam_alone: ClassVar[bool] = True
    reference: ClassVar[str] = (
        "Kaushik, Gain, Kortylewski, Yuille: Understanding Catastrophic Forgetting and Remembering "
        "in Continual Learning with Optimal Relevance Mapping, 2021"
    )
    version: ClassVar[int] = 2  # 1 had a constant beta and pruned at convergence
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.TASK_LABELS
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.TASK_IDENTITY})
    paper_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "split_mnist": _OF_THE_PAPER_ON_MNIST,
        "permuted_mnist": _OF_THE_PAPER_ON_MNIST,
        "permuted_mnist_50": _OF_THE_PAPER_ON_MNIST,
        "split_fashion_mnist": _OF_THE_PAPER_ON_MNIST,
        "split_cifar100": {**_OF_THE_PAPER, "mapping_lr": 0.01, "prune_below": 0.05},
        "split_cifar100_20": {**_OF_THE_PAPER, "mapping_lr": 0.01, "prune_below": 0.01},
        "split_omniglot": {**_OF_THE_PAPER, "mapping_lr": 0.0001, "prune_below": 0.05},
    }

    beta: float = setting(50.0, "tightness of the soft-round when a task begins", minimum=1)
    beta_end: float | None = setting(
        2000.0, "beta in the last step of a task, to which it rises; none: it stays", minimum=1
    )
    learn_beta: bool = setting(
        False, "learn one beta per layer, starting from beta, instead of raising it"
    )
    initialisation: Literal["normal", "skewed_normal", "uniform"] = setting(
        "normal", "first values of the mappings; the paper: skewed_normal, its code: uniform"
    )
    spread: float = setting(0.02, "standard deviation of the normal initialisation", minimum=0)
    l1_weight: float = setting(0.0, "weight of the mean mapping over free weights", minimum=0)
    l0_weight: float = setting(
        0.3, "weight of the mean relevance over free weights", minimum=0, search=Range(0.03, 10.0)
    )
    l0_scarcity: float = setting(
        1.0, "power of (weights / free weights) in the price of a free weight under l0", minimum=0
    )
    overlap_weight: float = setting(
        0.0,
        "weight of the overlap with earlier masks: above 0 separates tasks, below rewards reuse",
    )
    pruning: Literal["none", "late", "converged"] = setting(
        "none", "when to prune: never, after each late epoch but the last, or at convergence"
    )
    prune_below: float = setting(
        0.999999, "mu: relevance up to which an entry is pruned", minimum=0, maximum=0.999999
    )
    prune_share: float = setting(
        0.5, "share of a task's epochs that are late", minimum=0, maximum=1
    )
    mapping_lr: float | None = setting(
        0.002,
        "learning rate of the mappings; none: that of the weights",
        minimum=0,
        search=Range(0.001, 0.05),
    )
    transfer: bool = setting(
        True, "begin each task from the mask of the finished task that suits its data best"
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
            batch_norm=context.batch_norm,
            head=context.head,
            biases="none",  # as in the paper; the other methods keep theirs
            rule=self.rule,
        )
        optimizer = context.make_optimizer(model)
        if self.mapping_lr is not None:
            groups = parameter_groups(model, lr=context.learning_rate, mapping_lr=self.mapping_lr)
            optimizer = torch.optim.Adam(groups, fused=True)
        return RMN(
            model=model,
            optimizer=optimizer,
            criterion=context.criterion(),
            rmn=RMNPlugin(own_outputs=context.loss == "own", **self.training()),
            **context.strategy_arguments(),
        )

    def training(self) -> dict[str, Any]:
        """Arguments of `rmn.RMNPlugin`."""
        return {
            "l1_weight": self.l1_weight,
            "l0_weight": self.l0_weight,
            "l0_scarcity": self.l0_scarcity,
            "overlap_weight": self.overlap_weight,
            "beta_end": self.beta_end,
            "pruning": self.pruning,
            "prune_below": self.prune_below,
            "prune_share": self.prune_share,
            "transfer": self.transfer,
        }
