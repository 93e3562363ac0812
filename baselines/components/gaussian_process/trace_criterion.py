"""Inducing points by the trace criterion (Titsias et al. 2020, Equation 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

_LEAST_GAIN: Final = 1e-9
"""Share of the trace that a swap must gain, so that rounding errors are no gains."""


class TraceCriterion:
    """What a choice of points leaves unexplained of a task's examples: tr[K_XX - K_XZ K^-1 K_ZX].

    K_XX is the kernel variance * F F^T of all examples X with features F, and K = K_ZZ + jitter * I
    that of the chosen ones, Z. By Woodbury's lemma the trace is variance * tr[F^T F A^-1] with
    A = I + variance / jitter * F_Z^T F_Z, of which all matrices have the size of the features: what
    a swap gains takes no pass over the examples.

    Args:
        features: of all examples, (n, d).
        chosen: numbers of the examples that are chosen first, distinct ones.
        variance: of the prior's weights.
        jitter: what is added to the diagonal of the kernel of the chosen points.

    Attributes:
        chosen: numbers of the chosen examples.
    """

    def __init__(
        self, features: Tensor, chosen: Sequence[int], *, variance: float, jitter: float
    ) -> None:
        self.features = features.double()
        self.chosen = list(chosen)
        self._variance = variance
        self._weight = variance / jitter
        self._scatter = self.features.T @ self.features
        self._identity = torch.eye(len(self._scatter), dtype=torch.double, device=features.device)
        self._signs = torch.tensor([1.0, -1.0], dtype=torch.double, device=features.device)
        self._update()

    @property
    def trace(self) -> float:
        """The criterion: the smaller, the better the chosen points explain all examples."""
        return self._variance * float((self._scatter * self._inverse).sum())

    def gain(self, place: int, candidate: int) -> float:
        """How much smaller the trace is with a candidate in the place of a chosen example.

        Args:
            place: index into `chosen`.
            candidate: number of the example.
        """
        pair = self.features[[candidate, self.chosen[place]]]  # A changes by them, + and -
        inner = torch.diag(self._signs / self._weight) + pair @ self._inverse @ pair.T
        seen = pair @ self._gained @ pair.T
        return self._variance * float(torch.linalg.solve(inner, seen).trace())

    def swap(self, place: int, candidate: int) -> None:
        """Put an example in the place of a chosen one.

        Args:
            place: index into `chosen`.
            candidate: number of the example.
        """
        self.chosen[place] = candidate
        self._update()

    def _update(self) -> None:
        points = self.features[self.chosen]
        factor = torch.linalg.cholesky(self._identity + self._weight * points.T @ points)
        self._inverse = torch.cholesky_inverse(factor)
        self._gained = self._inverse @ self._scatter @ self._inverse


def refine(criterion: TraceCriterion, proposals: int, generator: torch.Generator) -> None:
    """Make the trace smaller by swaps of a random chosen example for a random other one.

    As published, a swap is proposed at random and made if the trace is smaller with it.

    Args:
        criterion: of the examples and those that are chosen first; changed in place.
        proposals: number of swaps that are proposed.
        generator: of the random numbers, on the CPU.
    """
    chosen = set(criterion.chosen)
    if len(chosen) == len(criterion.features):
        return
    places = torch.randint(len(chosen), (proposals,), generator=generator)
    candidates = torch.randint(len(criterion.features), (proposals,), generator=generator)
    least = _LEAST_GAIN * criterion.trace
    for place, candidate in zip(places.tolist(), candidates.tolist(), strict=True):
        if candidate in chosen or criterion.gain(place, candidate) <= least:
            continue
        chosen.remove(criterion.chosen[place])
        chosen.add(candidate)
        criterion.swap(place, candidate)
