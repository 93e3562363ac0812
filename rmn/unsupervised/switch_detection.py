"""Noticing that a new task has begun, from nothing but the batches of a stream.

Every detector scores how unfamiliar each incoming example is to the network that is being trained,
and asks Welch's t-test whether a batch is less familiar than the batches before it. Batches differ
among themselves because the network goes on learning; the test takes that into account, or slow
drift would raise false alarms.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from scipy.special import stdtr
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the live network makes of a batch before it learns from it.

    Attributes:
        logits: (n, outputs).
        y: classes, (n,), int64.
        features: what the network's last layer was given, (n, d).
    """

    logits: Tensor
    y: Tensor
    features: Tensor


@dataclass(frozen=True, slots=True)
class Sample:
    """Size, mean and unbiased variance of some scores."""

    size: int
    mean: float
    variance: float

    @classmethod
    def of(cls, scores: Tensor) -> Sample:
        """The statistics of scores (n,)."""
        variance, mean = torch.var_mean(scores.double(), correction=min(1, len(scores) - 1))
        return cls(len(scores), mean.item(), variance.item())

    @classmethod
    def joined(cls, samples: Sequence[Sample]) -> Sample:
        """The statistics of all the samples' scores together."""
        size = sum(sample.size for sample in samples)
        mean = sum(sample.size * sample.mean for sample in samples) / size
        squares = sum(
            (sample.size - 1) * sample.variance + sample.size * (sample.mean - mean) ** 2
            for sample in samples
        )
        return cls(size, mean, squares / max(1, size - 1))


def welch(incoming: Sample, usual: Sequence[Sample]) -> float:
    """P-value of the one-sided Welch t-test that incoming scores are not above the usual ones.

    The variance of the incoming mean has two parts: that of its own scores, and that of the means
    of the usual batches, since batches differ among themselves while the network goes on learning.
    Both enter the degrees of freedom by the Welch-Satterthwaite equation (Welch 1947).

    Args:
        incoming: scores of one batch, or of several pooled.
        usual: two or more earlier batches.
    """
    means = Sample.of(torch.tensor([sample.mean for sample in usual], dtype=torch.float64))
    own = incoming.variance / incoming.size
    batches = max(1.0, incoming.size * len(usual) / sum(sample.size for sample in usual))
    drift = means.variance * (1 / batches + 1 / means.size)
    difference, spread = incoming.mean - means.mean, own + drift
    if spread == 0:
        return 0.0 if difference > 0 else 1.0
    weights = own**2 / max(1, incoming.size - 1) + drift**2 / (means.size - 1)
    return float(stdtr(spread**2 / weights, -difference / math.sqrt(spread)))


class SwitchDetector(ABC):
    """Asks of every batch whether a new task has begun.

    Args:
        significance: p-value below which a batch is taken for a new task.
        window: number of batches that incoming ones are compared with.
        warm_up: number of batches after a switch in which none is looked for.
        pooled: number of newest batches that are also tested together, for gradual switches; 1 for
            the newest alone.
        effect: smallest rise of the mean score that counts, however significant; in [0, 1].

    Raises:
        ValueError: `significance` or `effect` is not in (0, 1), `window` is below 2, `warm_up` is
            negative or `pooled` below 1.
    """

    def __init__(
        self,
        *,
        significance: float = 1e-6,
        window: int = 100,
        warm_up: int = 100,
        pooled: int = 10,
        effect: float = 0.05,
    ) -> None:
        for name, share in (("significance", significance), ("effect", effect)):
            if not 0 < share < 1:
                raise ValueError(f"{name} is {share}; it must lie between 0 and 1")
        for name, value, least in (
            ("window", window, 2),
            ("warm_up", warm_up, 0),
            ("pooled", pooled, 1),
        ):
            if value < least:
                raise ValueError(f"{name} is {value}; it must be at least {least}")
        self.significance = significance
        self.warm_up = warm_up
        self.window = window
        self.pooled = pooled
        self.effect = effect
        self._recent: deque[Sample] = deque(maxlen=window + pooled - 1)
        self._batches = 0

    @abstractmethod
    def unfamiliarity(self, evidence: Evidence) -> Tensor:
        """A score of each example in [0, 1], (n,); it rises with the surprise."""

    def switched(self, evidence: Evidence) -> bool:
        """Whether a new task has begun; if not, the batch joins those to compare with."""
        newest = Sample.of(self.unfamiliarity(evidence))
        if self.warm and any(self._unusual(newest, count) for count in {1, self.pooled}):
            return True
        self._batches += 1
        self._recent.append(newest)
        return False

    def _unusual(self, newest: Sample, count: int) -> bool:
        """Whether the newest `count` batches together are less familiar than those before."""
        batches = [*self._recent, newest]
        usual, incoming = batches[:-count][-self.window :], batches[-count:]
        joined = Sample.joined(incoming)
        if len(usual) < 2 or joined.mean < Sample.joined(usual).mean + self.effect:
            return False
        return welch(joined, usual) < self.significance

    @property
    def warm(self) -> bool:
        """Whether the live mask has seen enough batches for its surprise to mean something."""
        return self._batches >= self.warm_up

    def restart(self) -> None:
        """Forget the last task."""
        self._recent.clear()
        self._batches = 0


class PredictiveDivergence(SwitchDetector):
    """KL divergence between the posterior and the prior predictive, as in FRCL (Titsias 2020).

    The posterior predictive is the softmax of the live mask; the prior one is that of a network
    that has learned nothing, uniform. Inputs of the live task move the prediction far from the
    prior, others less (paper, Section 5.2.1; Hendrycks & Gimpel 2016).
    """

    def unfamiliarity(self, evidence: Evidence) -> Tensor:
        """One minus the divergence from uniform over the largest possible one, in [0, 1], (n,)."""
        log_probability = F.log_softmax(evidence.logits, -1)
        entropy = -(log_probability.exp() * log_probability).sum(-1)
        return entropy / math.log(evidence.logits.shape[-1])


class LossRise(SwitchDetector):
    """The loss: how little probability the live mask gives to the right class."""

    def unfamiliarity(self, evidence: Evidence) -> Tensor:
        """One minus the right class's probability, in [0, 1], (n,)."""
        probability = evidence.logits.softmax(-1)
        return 1 - probability.gather(1, evidence.y[:, None]).squeeze(1)


class FeatureDistance(SwitchDetector):
    """Distance of the last layer's inputs from where they have lately been; needs no label."""

    _RATE: Final = 0.1  # weight of the newest batch in the running moments

    def __init__(self, *, effect: float = 0.1, **settings: Any) -> None:
        super().__init__(effect=effect, **settings)
        self._moments: Tensor | None = None

    def unfamiliarity(self, evidence: Evidence) -> Tensor:
        """Mean squared deviation d from the running mean, in variances, as d / (1 + d), (n,)."""
        features = evidence.features
        fresh = torch.stack([features.mean(0), features.square().mean(0)])
        moments = fresh if self._moments is None else self._moments
        mean, variance = moments[0], (moments[1] - moments[0].square()).clamp_min(1e-6)
        self._moments = torch.lerp(moments, fresh, self._RATE)
        distance = ((features - mean).square() / variance).mean(-1)
        return distance / (1 + distance)

    def restart(self) -> None:
        """Forget the last task."""
        super().restart()
        self._moments = None


DETECTORS: Final[dict[str, type[SwitchDetector]]] = {
    "divergence": PredictiveDivergence,
    "loss": LossRise,
    "features": FeatureDistance,
}
