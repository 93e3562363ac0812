"""Logits of test data under learned tasks, computed once for as long as they hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from torch import Tensor


class LogitCache:
    """Logits, computed again only when the function that gives them has changed.

    A function whose every bit is as it was maps the same inputs to the same logits. That it is, is
    seen by its fingerprint at each evaluation and not taken from what the method promises.
    """

    def __init__(self) -> None:
        self._cached: dict[Hashable, tuple[bytes, Tensor]] = {}

    def get(
        self, key: Hashable, fingerprint: bytes | None, compute: Callable[[], Tensor]
    ) -> Tensor:
        """The logits under `key`, (n, outputs).

        Args:
            key: names function, inputs and precision.
            fingerprint: of the function now; None where it has none, to compute every time.
            compute: gives the logits.
        """
        if fingerprint is None:
            return compute()
        cached = self._cached.get(key)
        if cached is None or cached[0] != fingerprint:
            cached = self._cached[key] = (fingerprint, compute())
        return cached[1]
