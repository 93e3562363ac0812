"""Detection of task switches from the batches of a stream alone.

Each detector scores how novel every incoming example is to the network in training, and tests with
Welch's t-test whether a batch is more novel than the batches before it. Batches differ among
themselves because the network goes on learning; the test takes that into account, or slow drift
would raise false alarms.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict, Unpack

import torch
from scipy.special import stdtr
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class BatchOutputs:
    """Outputs of the live mask on a batch, before it learns from it.

    Attributes:
        logits: (n, outputs).
        y: classes, (n,), int64.
        features: inputs of the network's last layer, (n, d).
    """

    logits: Tensor
    y: Tensor
    features: Tensor

    def select(self, examples: Tensor) -> BatchOutputs:
        """The outputs of some examples, given as bool, (n,)."""
        return BatchOutputs(self.logits[examples], self.y[examples], self.features[examples])

    def probability(self) -> Tensor:
        """Softmax probability of the right class, (n,)."""
        return self.logits.softmax(-1).gather(1, self.y[:, None]).squeeze(1)


@dataclass(frozen=True, slots=True)
class ScoreStatistics:
    """Statistics of some scores.

    Attributes:
        size: number of scores.
        mean: their mean.
        variance: their unbiased variance; 0 for a single score.
    """

    size: int
    mean: float
    variance: float

    @classmethod
    def of(cls, scores: Tensor) -> ScoreStatistics:
        """The statistics of scores (n,)."""
        variance, mean = torch.var_mean(scores.double(), correction=min(1, len(scores) - 1))
        return cls(len(scores), mean.item(), variance.item())

    @classmethod
    def combined(cls, parts: Sequence[ScoreStatistics]) -> ScoreStatistics:
        """The statistics of all parts' scores together."""
        size = sum(part.size for part in parts)
        mean = sum(part.size * part.mean for part in parts) / size
        squares = sum(
            (part.size - 1) * part.variance + part.size * (part.mean - mean) ** 2 for part in parts
        )
        return cls(size, mean, squares / max(1, size - 1))


def welch_p_value(incoming: ScoreStatistics, reference: Sequence[ScoreStatistics]) -> float:
    """P-value of the one-sided Welch t-test that incoming scores are not above the reference.

    The variance of the incoming mean has two parts: that of its own scores, and that of the means
    of the reference batches, since batches differ among themselves while the network goes on
    learning. Both enter the degrees of freedom by the Welch-Satterthwaite equation (Welch 1947).

    Args:
        incoming: scores of one batch, or of several combined.
        reference: scores of two or more earlier batches.
    """
    means = ScoreStatistics.of(torch.tensor([part.mean for part in reference], dtype=torch.float64))
    own = incoming.variance / incoming.size
    batches = max(1.0, incoming.size * len(reference) / sum(part.size for part in reference))
    drift = means.variance * (1 / batches + 1 / means.size)
    difference, spread = incoming.mean - means.mean, own + drift
    if spread == 0:
        return 0.0 if difference > 0 else 1.0
    weights = own**2 / max(1, incoming.size - 1) + drift**2 / (means.size - 1)
    return float(stdtr(spread**2 / weights, -difference / math.sqrt(spread)))


class DetectorArguments(TypedDict, total=False):
    """Arguments of `SwitchDetector`."""

    significance: float
    window: int
    warm_up: int
    pooled: int
    effect: float


class SwitchDetector(ABC):
    """Tests for every batch whether a new task has begun.

    Args:
        significance: p-value below which a batch belongs to a new task.
        window: number of batches that incoming ones are compared with.
        warm_up: number of batches after a switch that are not tested.
        pooled: number of newest batches that are also tested together, for gradual switches; 1 to
            test the newest alone.
        effect: smallest rise of the mean score that counts, however significant.

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
        self._recent: deque[ScoreStatistics] = deque(maxlen=window + pooled - 1)
        self._batches = 0

    @abstractmethod
    def novelty_score(self, outputs: BatchOutputs) -> Tensor:
        """Score of each example in [0, 1], (n,); the higher, the more novel it is."""

    def detect_switch(self, outputs: BatchOutputs) -> bool:
        """Whether a new task has begun; if not, the batch is added to the reference."""
        newest = ScoreStatistics.of(self.novelty_score(outputs))
        if self.is_warm and any(self._is_novel(newest, count) for count in {1, self.pooled}):
            return True
        self._batches += 1
        self._recent.append(newest)
        return False

    @property
    def is_warm(self) -> bool:
        """Whether the live mask has learned from enough batches for its scores to be tested."""
        return self._batches >= self.warm_up

    def reset(self) -> None:
        """Forget all batches; to be called when a new mask is begun."""
        self._recent.clear()
        self._batches = 0

    def _is_novel(self, newest: ScoreStatistics, count: int) -> bool:
        """Whether the newest `count` batches together are more novel than those before."""
        batches = [*self._recent, newest]
        reference, incoming = batches[:-count][-self.window :], batches[-count:]
        combined = ScoreStatistics.combined(incoming)
        if len(reference) < 2:
            return False
        if combined.mean < ScoreStatistics.combined(reference).mean + self.effect:
            return False
        return welch_p_value(combined, reference) < self.significance


class PredictiveDivergence(SwitchDetector):
    """KL divergence between the posterior and the prior predictive, as in FRCL (Titsias 2020).

    The posterior predictive is the softmax under the live mask; the prior predictive is that of an
    untrained network, uniform. Inputs of the live task move the prediction far from the prior,
    others less (paper, Section 5.2.1; Hendrycks & Gimpel 2016).
    """

    def novelty_score(self, outputs: BatchOutputs) -> Tensor:
        """One minus the divergence from uniform over the largest possible one, in [0, 1], (n,)."""
        log_probability = F.log_softmax(outputs.logits, -1)
        entropy = -(log_probability.exp() * log_probability).sum(-1)
        return entropy / math.log(outputs.logits.shape[-1])


class LossRise(SwitchDetector):
    """The loss, as the probability that the live mask does not give to the right class."""

    def novelty_score(self, outputs: BatchOutputs) -> Tensor:
        """One minus the right class's probability, in [0, 1], (n,)."""
        return 1 - outputs.probability()


class FeatureDistance(SwitchDetector):
    """Distance of the last layer's inputs from their running mean; needs no classes.

    Args:
        effect: smallest rise of the mean score that counts, however significant.
        **arguments: arguments of `SwitchDetector`.
    """

    _RATE: Final = 0.1  # weight of the newest batch in the running moments

    def __init__(self, **arguments: Unpack[DetectorArguments]) -> None:
        defaults: DetectorArguments = {"effect": 0.1}
        super().__init__(**(defaults | arguments))
        self._moments: Tensor | None = None

    def novelty_score(self, outputs: BatchOutputs) -> Tensor:
        """Mean squared deviation d from the running mean, in variances, as d / (1 + d), (n,)."""
        features = outputs.features
        newest = torch.stack([features.mean(0), features.square().mean(0)])
        moments = newest if self._moments is None else self._moments
        mean, variance = moments[0], (moments[1] - moments[0].square()).clamp_min(1e-6)
        self._moments = torch.lerp(moments, newest, self._RATE)
        distance = ((features - mean).square() / variance).mean(-1)
        return distance / (1 + distance)

    def reset(self) -> None:
        """Forget all batches and the running moments."""
        super().reset()
        self._moments = None


DETECTORS: Final[dict[str, type[SwitchDetector]]] = {
    "divergence": PredictiveDivergence,
    "loss": LossRise,
    "features": FeatureDistance,
}
"""Every detector by the name of its setting."""
