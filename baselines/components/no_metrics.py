"""Avalanche's evaluator for a harness that measures by itself."""

from __future__ import annotations

from avalanche.training.plugins import EvaluationPlugin


class NoMetrics(EvaluationPlugin):
    """Hears no event of training; the stock evaluator copies the experience at each, unasked."""

    __getattribute__ = object.__getattribute__
