"""Continual neural Dirichlet process mixture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from baselines.interface import Baseline, Requirement, Role, Supervision, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.components.expert_mixture.network import Expert
    from baselines.context import Context

PUBLISHED: Final = {
    "generator_steps": 8000,
    "classifier_steps": 2000,
    "generator_lr": 0.0004,
    "classifier_lr": 0.0001,
}
"""As the authors' configuration for MNIST has them."""


@register
@dataclass(frozen=True)
class CNDPM(Baseline):
    """CN-DPM: a mixture of experts, which grows when no expert explains what comes.

    An expert is a variational autoencoder, whose likelihood says whose an input is, and a
    classifier, here the comparison's backbone. Examples that a new expert would explain better (a
    network that is never trained stands for it) wait in a short-term memory; when that is full, a
    new expert is trained on them. Neither task labels nor boundaries are used. The answer is that
    of the most likely expert, by its likelihood, the examples it was taught and its own confidence.

    As published (Section 3) and in the authors' code, but that experts share no features, that one
    code is drawn where the authors draw 16, and that at test and where examples are assigned the
    mean code stands for the draws. By default new experts take fewer and longer steps than
    published, which the profile `paper` has. The short-term memory holds at most `capacity`
    examples, which are no part of `stored_examples`: nothing that was learned is rehearsed. What
    waits in it when the stream ends was not learned. Inputs are images in [0, 1].

    Each new expert takes `generator_steps` + `classifier_steps` steps however short the stream is,
    and each batch is scored by every expert.
    """

    name: ClassVar[str] = "cndpm"
    version: ClassVar[int] = 2  # 1 drew no codes but for a new expert
    title: ClassVar[str] = "CN-DPM"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#a88f00"
    adam_alone: ClassVar[bool] = True
    reference: ClassVar[str] = "Lee, Ha, Zhang, Kim, ICLR 2020"
    rule: ClassVar[str] = "max-logit"
    supervision: ClassVar[Supervision] = Supervision.NONE
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.SEVERAL_MODELS})
    paper_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "split_mnist_unsupervised": PUBLISHED,
        "split_mnist_fuzzy": PUBLISHED,
    }

    capacity: int = setting(500, "examples of which a new expert is made", minimum=2)
    log_alpha: float = setting(-400.0, "log of the concentration of the Dirichlet process")
    chill: float = setting(
        0.01, "temperature of the classifiers where examples are assigned", minimum=1e-6
    )
    generator_steps: int = setting(500, "steps of a new expert's autoencoder", minimum=1)
    classifier_steps: int = setting(200, "steps of a new expert's classifier", minimum=1)
    expert_batch: int = setting(50, "examples of such a step", minimum=2)
    generator_lr: float = setting(0.002, "learning rate of autoencoders", minimum=0)
    classifier_lr: float = setting(0.001, "learning rate of classifiers", minimum=0)
    width: int = setting(64, "units of an autoencoder's hidden layers", minimum=1)
    latent: int = setting(16, "dimensions of its code", minimum=1)
    weight_decay: float = setting(2e-5, "of all weights, as in Adam", minimum=0)
    clip: float = setting(0.5, "largest size of a gradient's entries", minimum=0)
    min_usage: float = setting(
        0.1, "responsibility for a batch below which an expert is left as it is", minimum=0
    )

    def build(self, context: Context) -> SupervisedTemplate:
        """A mixture without experts, and Adam, whose parameters come with them."""
        from functools import partial

        from torch.optim import Adam

        from baselines.components.expert_mixture.network import ExpertMixture
        from baselines.components.expert_mixture.strategy import (
            ExpertMixtureTraining,
            ExpertTraining,
        )

        model = ExpertMixture(partial(self._expert, context)).to(context.device)
        return ExpertMixtureTraining(
            training=ExpertTraining(
                capacity=self.capacity,
                log_alpha=self.log_alpha,
                chill=self.chill,
                generator_steps=self.generator_steps,
                classifier_steps=self.classifier_steps,
                batch_size=self.expert_batch,
                generator_lr=self.generator_lr,
                classifier_lr=self.classifier_lr,
                weight_decay=self.weight_decay,
                clip=self.clip,
                min_usage=self.min_usage,
                seed=context.seed,
            ),
            model=model,
            optimizer=Adam(model.base.parameters(), weight_decay=self.weight_decay, fused=True),
            criterion=context.criterion(),
            **context.strategy_arguments(),
        )

    def _expert(self, context: Context) -> Expert:
        """A freshly drawn expert."""
        from baselines.components.expert_mixture.autoencoder import VariationalAutoencoder
        from baselines.components.expert_mixture.network import Expert

        density = VariationalAutoencoder(28 * 28, self.width, self.latent)
        return Expert(density.to(context.device), context.network())
