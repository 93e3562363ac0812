"""What a strategy offers has its shapes, and its predictions need what it says they need."""

from __future__ import annotations

import pytest

from baselines.interface import Baseline
from baselines.registry import methods
from harness.contract import predictions
from harness.contract.law import laws
from harness.contract.subject import Subject
from harness.evaluation.memory_usage import memory_usage

LEARNS_ON_EXTRA = (
    *("ewc", "si", "mas", "rwalk", "gpm", "dlp", "vcl", "vcl_coreset", "ags_cl"),
    *("generative_replay", "rmn", "hat"),
)
"""Methods that keep tensors for learning alone."""

every_method = pytest.mark.parametrize("method", methods().values(), ids=methods())


@every_method
def test_predictions_need_nothing_else(method: type[Baseline]) -> None:
    assert predictions.predictions_need_nothing_else(Subject(method))


@every_method
def test_abilities_have_their_shapes(method: type[Baseline]) -> None:
    if excuse := laws()["abilities_have_their_shapes"].excuse(method):
        pytest.skip(excuse)
    assert predictions.abilities_have_their_shapes(Subject(method))


@pytest.mark.parametrize("name", LEARNS_ON_EXTRA)
def test_what_only_learning_needs_is_told_apart(name: str) -> None:
    assert memory_usage(Subject(methods()[name]).trained(2)).training_bytes > 10_000
