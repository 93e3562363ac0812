"""The backbones of a run, and what a plugin's backbone has to be for every method to use it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.context import Norm
from harness.config.networks import Normalisation, registered_networks
from harness.training.networks import networks
from rmn.tasks.features import check_last_layer, layers_called


class BackboneError(Exception):
    """A plugin's backbone that no method can be compared on; the message says what to change."""


class Backbones:
    """Makes a run's networks; the n-th one is the same for every method.

    Args:
        name: of the backbone.
        outputs: width of its output.
        seed: of the run.
        device: where it is put.
        norm: normalisation of the comparison.
    """

    def __init__(
        self, name: str, outputs: int, seed: int, device: torch.device, norm: Norm = "shared"
    ) -> None:
        self.name = name
        self.outputs = outputs
        self.seed = seed
        self.device = device
        self.norm: Normalisation = "batch" if norm == "per-task" or norm == "shared" else norm
        self.made = 0

    def __call__(self) -> nn.Module:
        """A freshly drawn network."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1000 * self.seed + self.made)
            self.made += 1
            backbone = self._drawn().to(self.device)
            return backbone.to(memory_format=torch.channels_last)  # convolutions run faster

    def check(self, x: Tensor) -> None:
        """Find out whether a plugin's backbone takes the inputs and ends with its last layer.

        Ours are tested. Methods that treat the output layer apart find it by its being registered
        last.

        Args:
            x: some inputs, (n, ...).

        Raises:
            BackboneError: it does not.
        """
        if self.name not in registered_networks():
            return
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            backbone = self._drawn().eval()
            try:
                with layers_called(backbone) as called:
                    logits = backbone(x)
            except Exception as error:  # of code that is not ours
                raise BackboneError(
                    f"network {self.name}: it cannot take inputs of shape {tuple(x.shape)}: {error}"
                ) from error
        if logits.shape != (len(x), self.outputs):
            raise BackboneError(
                f"network {self.name}: of {len(x)} inputs it makes {tuple(logits.shape)} logits "
                f"where {(len(x), self.outputs)} are needed; use the number of outputs that it is "
                "given"
            )
        try:
            check_last_layer(backbone, called, logits)
        except ValueError as error:
            raise BackboneError(f"network {self.name}: {error}") from None

    def _drawn(self) -> nn.Module:
        return networks()[self.name].make(self.outputs, self.norm)
