"""An evaluator that hears nothing, and that Avalanche takes for one."""

from __future__ import annotations

import pytest
from avalanche.training.plugins import EvaluationPlugin

from baselines.components.no_metrics import NoMetrics
from baselines.context import Context
from baselines.registry import methods
from harness.data.streams import Stream


def test_it_is_an_evaluator() -> None:
    assert isinstance(NoMetrics(), EvaluationPlugin)


@pytest.mark.parametrize("event", ["before_training", "after_training_iteration", "after_update"])
def test_it_hears_no_event_of_training_that_the_stock_evaluator_hears(event: str) -> None:
    assert callable(getattr(EvaluationPlugin(), event))
    assert not hasattr(NoMetrics(), event)


def test_a_strategy_trains_with_it_and_measures_nothing(context: Context, stream: Stream) -> None:
    strategy = methods()["naive"]().build(context)
    strategy.train(stream.experiences[0])
    assert strategy.clock.train_iterations == 2 * 256 // context.batch_size
    assert strategy.evaluator.get_all_metrics() == {}
