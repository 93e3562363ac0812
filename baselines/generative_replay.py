"""Replay of examples that a generator makes up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.interface import Baseline, Requirement, Role, setting
from baselines.registry import register

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context


@register
@dataclass(frozen=True)
class GenerativeReplay(Baseline):
    """Deep generative replay: a variational autoencoder replays, the last classifier labels."""

    name: ClassVar[str] = "generative_replay"
    title: ClassVar[str] = "Generative replay"
    role: ClassVar[Role] = Role.REPLAY
    colour: ClassVar[str] = "#56b4e9"
    reference: ClassVar[str] = "Shin, Lee, Kim, Kim, NeurIPS 2017; Avalanche's GenerativeReplay"
    requirements: ClassVar[frozenset[Requirement]] = frozenset(
        {Requirement.GENERATIVE_REPLAY, Requirement.SEVERAL_MODELS}
    )
    unsuited_networks: ClassVar[frozenset[str]] = frozenset(
        {"mlp_2x400", "mlp_2x1000", "cifar_cnn", "resnet18", "resnet18_small_stem"}
    )  # their images are not of 28 x 28 pixels, as the autoencoder's

    latent: int = setting(16, "dimensions of the autoencoder's code", minimum=1)
    generator_lr: float = setting(0.001, "learning rate of the autoencoder, of Adam", minimum=0)

    def build(self, context: Context) -> SupervisedTemplate:
        """Fine-tuning with replay by an autoencoder for 28 x 28 images."""
        from avalanche.models import MlpVAE
        from avalanche.models.generator import VAE_loss
        from avalanche.training.plugins import GenerativeReplayPlugin
        from avalanche.training.supervised import Naive, VAETraining
        from torch.optim import Adam

        from baselines.components.generative_replay import LabellingReplayPlugin

        arguments = context.strategy_arguments()
        generator = MlpVAE((1, 28, 28), nhid=self.latent, device=context.device)
        teacher = VAETraining(
            model=generator,
            optimizer=Adam(generator.parameters(), lr=self.generator_lr, fused=True),
            criterion=VAE_loss,
            **{**arguments, "plugins": [*context.shared_plugins, GenerativeReplayPlugin()]},
        )
        arguments["plugins"].append(LabellingReplayPlugin(teacher))
        model = context.model()
        return Naive(
            model=model,
            optimizer=context.make_optimizer(model),
            criterion=context.criterion(),
            **arguments,
        )
