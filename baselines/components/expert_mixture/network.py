"""Experts, each with a density of the inputs and a classifier, as one network."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.components.expert_mixture.autoencoder import VariationalAutoencoder


class Expert(nn.Module):
    """A density p(x) and a classifier p(y | x).

    Args:
        density: of the inputs.
        classifier: x (n, ...) -> logits (n, outputs).
    """

    def __init__(self, density: VariationalAutoencoder, classifier: nn.Module) -> None:
        super().__init__()
        self.density = density
        self.classifier = classifier

    def log_probabilities(self, x: Tensor) -> Tensor:
        """Of each class the logarithm of p(y | x), (n, outputs)."""
        return F.log_softmax(self.classifier(x), 1)


class ExpertMixture(nn.Module):
    """Lee et al. 2020 (CN-DPM): log p(x, y) = log sum over experts of p(k) p(x | k) p(y | x, k).

    Args:
        make_expert: a freshly drawn expert.

    Attributes:
        base: an expert that never learns: the likelihood of an example under a new one.
        experts: in the order in which they came.
        counts: examples that each of them was taught, (experts,), float64.
    """

    counts: Tensor

    def __init__(self, make_expert: Callable[[], Expert]) -> None:
        super().__init__()
        self.make_expert = make_expert
        self.base = make_expert().requires_grad_(False)
        self.experts = nn.ModuleList()
        device = next(self.base.parameters()).device
        self.register_buffer("counts", torch.zeros(0, dtype=torch.float64, device=device))

    def add_expert(self) -> Expert:
        """A new expert, which has been taught nothing."""
        expert = self.make_expert()
        self.experts.append(expert)
        self.counts = torch.cat([self.counts, self.counts.new_zeros(1)])
        return expert

    def forward(self, x: Tensor) -> Tensor:
        """Of each class the logarithm of p(x, y), (n, outputs)."""
        return self.log_joint(x).logsumexp(0)

    def log_joint(self, x: Tensor) -> Tensor:
        """The logarithm of p(k) p(x | k) p(y | x, k), (experts, n, outputs).

        While there are no experts it is the base's.
        """
        if not len(self.experts):
            return self._log_joint(self.base, x)[None]
        prior = (self.counts / self.counts.sum()).log().float()
        parts = [self._log_joint(expert, x) for expert in self.experts]
        return torch.stack(parts) + prior[:, None, None]

    def _log_joint(self, expert: nn.Module, x: Tensor) -> Tensor:
        assert isinstance(expert, Expert)
        return expert.density.log_likelihood(x)[:, None] + expert.log_probabilities(x)


def chilled_log_likelihood(expert: Expert, x: Tensor, y: Tensor, chill: float) -> Tensor:
    """The likelihood by which examples are assigned: log p(x) + log p(y | x), (n,).

    The classifier's logits are divided by `chill`, so that a wrong class weighs as much as many
    pixels.

    Args:
        expert: which.
        x: inputs, (n, ...).
        y: classes, (n,).
        chill: temperature of the classifier's softmax.
    """
    log_probabilities = F.log_softmax(expert.log_probabilities(x) / chill, 1)
    return expert.density.log_likelihood(x) + log_probabilities.gather(1, y[:, None])[:, 0]
