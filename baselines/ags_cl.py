"""Adaptive group sparsity."""

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
class AGSCL(Baseline):
    """AGS-CL: nodes that earlier tasks needed are held, and as many as possible are spared.

    As published, but that the proximal steps follow each step of the optimizer and not each epoch,
    as the equations have it: lambda and mu are smaller by the number of an epoch's steps than in
    the authors' experiments (CIFAR-100: 400 and 10 an epoch). The publication has a head per task
    and no BatchNorm; before one, the length of incoming weights plays no part, so that fewer nodes
    are spared. Outputs that tasks share are held like nodes. Biases, which the authors count with
    the weights of their node, are learned freely; the backbones of comparisons have none. It is
    defined for chains of layers and refused for residual networks.
    """

    name: ClassVar[str] = "ags_cl"
    title: ClassVar[str] = "AGS-CL"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#c51b7d"
    reference: ClassVar[str] = "Jung, Ahn, Cha, Moon, NeurIPS 2020"
    unsuited_networks: ClassVar[frozenset[str]] = frozenset({"resnet18", "resnet18_small_stem"})
    check_settings: ClassVar[Mapping[str, Any]] = {"stay": 0.3}

    stay: float = setting(
        30.0, "lambda, what holds important nodes", minimum=0, search=Range(0.1, 1e4)
    )
    sparsity: float = setting(
        1.0, "mu, what makes the others sparse", minimum=0, search=Range(0.01, 10.0)
    )
    decay: float = setting(0.9, "eta, of earlier importance", minimum=0, maximum=1)
    renewed: float = setting(
        0.3, "rho, share of the spare nodes that each task begins anew", minimum=0, maximum=1
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with our plugin."""
        from baselines.components.chain import Chain
        from baselines.components.fine_tuning import fine_tuning
        from baselines.components.node_importance import AdaptiveGroupSparsityPlugin

        plugin = AdaptiveGroupSparsityPlugin(
            stay=self.stay,
            sparsity=self.sparsity,
            decay=self.decay,
            renewed=self.renewed,
            seed=context.seed,
        )
        strategy = fine_tuning(context, plugin)
        Chain.of(strategy.model)  # says so before any training if it is none
        return strategy
