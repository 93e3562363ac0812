"""A variational autoencoder that says how likely an image is."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class VariationalAutoencoder(nn.Module):
    """Kingma & Welling 2014, of Gaussian pixels with variance 1; x: images in [0, 1], (n, ...).

    Two hidden layers on either side, as in Lee et al. 2020.

    Args:
        pixels: numbers of an image.
        width: units of each hidden layer.
        latent: dimensions of the code.
    """

    def __init__(self, pixels: int, width: int, latent: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 2 * latent),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, pixels),
            nn.Sigmoid(),
        )

    def log_likelihood(self, x: Tensor) -> Tensor:
        """The evidence lower bound of log p(x), (n,).

        In training mode a code is drawn; in evaluation mode the mean one stands for all.
        """
        mean, log_variance = self.encoder(x).chunk(2, 1)
        code = mean
        if self.training:
            code = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        error = (self.decoder(code) - x.flatten(1)).square().sum(1)
        reconstruction = (error + x[0].numel() * math.log(2 * math.pi)) / 2
        divergence = (log_variance.exp() + mean.square() - 1 - log_variance).sum(1) / 2
        bound: Tensor = -reconstruction - divergence
        return bound
