"""What a method builds is a strategy with all that the comparison gives it."""

from dataclasses import replace
from typing import Any

import pytest

from baselines.context import Context
from baselines.naive import Naive
from harness.contract.subject import small_context
from harness.experiment.building import build


def test_what_a_method_builds_is_passed_on() -> None:
    context = small_context()
    strategy = build(Naive(), context)
    assert context.plugins
    assert set(context.plugins) <= set(strategy.plugins)


def nothing(context: Context) -> None:
    """Makes a strategy and forgets to return it."""
    Naive().build(context)


def without_arguments(context: Context) -> Any:
    """Trains by the defaults of Avalanche: one epoch, batches of one example."""
    return Naive().build(replace(context, plugins=()))


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (nothing, "build of Wrong returns None; let it return the strategy"),
        (without_arguments, r"Wrong lacks plugins .*\*\*context\.strategy_arguments\(\)"),
    ],
)
def test_what_would_be_compared_on_other_terms_is_refused(builder: Any, message: str) -> None:
    wrong: Any = type("Wrong", (Naive,), {"build": lambda self, context: builder(context)})
    with pytest.raises(TypeError, match=message):
        build(wrong(), small_context())
