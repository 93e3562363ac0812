"""Building a method's strategy, and what a comparison needs of it."""

from __future__ import annotations

from avalanche.training.templates import SupervisedTemplate

from baselines.context import Context
from baselines.interface import Baseline


def build(method: Baseline, context: Context) -> SupervisedTemplate:
    """The strategy that a method builds.

    Args:
        method: with its settings.
        context: what it is built with.

    Raises:
        TypeError: it builds something else, or leaves out what the comparison gives every method:
            the loading of the data, the measurements, the schedule of the learning rate.
    """
    strategy: object = method.build(context)
    kind = type(method).__name__
    if not isinstance(strategy, SupervisedTemplate):
        raise TypeError(
            f"build of {kind} returns {strategy!r}; let it return the strategy that it makes, as "
            "in docs/adding_a_method.md"
        )
    if any(plugin not in strategy.plugins for plugin in context.plugins):
        raise TypeError(
            f"the strategy of {kind} lacks plugins of the comparison; give it "
            "**context.strategy_arguments(), and plugins of its own after those in it"
        )
    return strategy
