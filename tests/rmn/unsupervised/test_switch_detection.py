"""Switch detection against scipy, and on scores whose switches are known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rmn.unsupervised.switch_detection import (
    DETECTORS,
    BatchOutputs,
    FeatureDistance,
    LossRise,
    PredictiveDivergence,
    ScoreStatistics,
    SwitchDetector,
    welch_p_value,
)

scores = st.lists(st.floats(0, 1, width=16), min_size=1, max_size=20)


@given(st.lists(scores, min_size=1, max_size=5))
def test_combined_statistics_are_those_of_everything(parts: list[list[float]]) -> None:
    combined = ScoreStatistics.combined([ScoreStatistics.of(torch.tensor(part)) for part in parts])
    whole = np.concatenate(parts)
    assert combined.size == len(whole)
    assert combined.mean == pytest.approx(whole.mean(), abs=1e-9)
    if len(whole) > 1:
        assert combined.variance == pytest.approx(whole.var(ddof=1), abs=1e-9)


def test_a_batch_without_variance_is_tested_as_one_more_mean() -> None:
    # nothing varies but the batch means: the t-test of a single new observation
    means = [0.2, 0.25, 0.19, 0.22, 0.3, 0.21]
    incoming, size = 0.35, 8
    reference = [ScoreStatistics(size, mean, 0.0) for mean in means]
    spread = np.std(means, ddof=1) * np.sqrt(1 + 1 / len(means))
    expected = stats.t.sf((incoming - np.mean(means)) / spread, len(means) - 1)
    found = welch_p_value(ScoreStatistics(size, incoming, 0.0), reference)
    assert found == pytest.approx(expected)


def test_one_alarm_in_a_hundred_is_what_one_percent_means() -> None:
    generator = np.random.default_rng(0)
    alarms = 0
    for _ in range(2000):
        drift = 0.3 + 0.05 * generator.standard_normal(31)
        batches = torch.from_numpy(drift[:, None] + 0.2 * generator.standard_normal((31, 32)))
        parts = [ScoreStatistics.of(batch) for batch in batches]
        alarms += welch_p_value(parts[-1], parts[:-1]) < 0.01
    assert 5 <= alarms <= 45


def test_equal_scores_are_no_evidence() -> None:
    same = ScoreStatistics(10, 0.5, 0.0)
    assert welch_p_value(same, [same, same]) == 1
    assert welch_p_value(ScoreStatistics(10, 0.6, 0.0), [same, same]) == 0


def batch(novelty: float, generator: torch.Generator, n: int = 64) -> BatchOutputs:
    """Two classes; the right one has about 1 - novelty, the features move with the novelty."""
    right = (1 - novelty + 0.05 * torch.randn(n, generator=generator)).clamp(0.02, 0.98)
    logits = torch.stack([right.log(), (1 - right).log()], 1)
    features = torch.randn(n, 5, generator=generator) + 6 * novelty
    return BatchOutputs(logits, torch.zeros(n, dtype=torch.int64), features)


@pytest.mark.parametrize("make", DETECTORS.values(), ids=DETECTORS)
def test_a_jump_is_detected_at_once_and_nothing_else(make: Callable[..., SwitchDetector]) -> None:
    generator = torch.Generator().manual_seed(0)
    detector = make(warm_up=20, window=20)
    assert not any(detector.detect_switch(batch(0.1, generator)) for _ in range(200))
    assert detector.is_warm
    assert detector.detect_switch(batch(0.5, generator))
    detector.reset()
    assert not detector.is_warm
    assert not any(detector.detect_switch(batch(0.5, generator)) for _ in range(100))


def test_a_slow_change_is_detected() -> None:
    generator = torch.Generator().manual_seed(0)
    detector = LossRise(warm_up=20, window=100)
    assert not any(detector.detect_switch(batch(0.1, generator)) for _ in range(100))
    assert any(detector.detect_switch(batch(0.1 + 0.004 * k, generator)) for k in range(100))


def test_nothing_is_detected_while_warming_up() -> None:
    generator = torch.Generator().manual_seed(0)
    detector = LossRise(warm_up=50)
    assert not any(detector.detect_switch(batch(0.1, generator)) for _ in range(25))
    assert not any(detector.detect_switch(batch(0.9, generator)) for _ in range(25))


def test_scores_by_hand() -> None:
    logits = torch.tensor([[0.0, 0.0], [100.0, 0.0]])
    outputs = BatchOutputs(logits, torch.tensor([0, 1]), torch.zeros(2, 3))
    torch.testing.assert_close(LossRise().novelty_score(outputs), torch.tensor([0.5, 1.0]))
    divergence = PredictiveDivergence().novelty_score(outputs)
    torch.testing.assert_close(divergence, torch.tensor([1.0, 0.0]))
    spread = BatchOutputs(logits, torch.tensor([0, 1]), torch.tensor([[1.0], [-1.0]]))
    torch.testing.assert_close(FeatureDistance().novelty_score(spread), torch.tensor([0.5, 0.5]))


def test_outputs_of_some_examples() -> None:
    logits = torch.tensor([[0.0, 0.0], [100.0, 0.0]])
    outputs = BatchOutputs(logits, torch.tensor([0, 1]), torch.tensor([[1.0], [2.0]]))
    torch.testing.assert_close(outputs.probability(), torch.tensor([0.5, 0.0]))
    second = outputs.select(torch.tensor([False, True]))
    assert torch.equal(second.logits, logits[1:])
    assert second.y.tolist() == [1]
    assert second.features.tolist() == [[2.0]]


def test_the_smallest_effect_of_features_is_larger_by_default() -> None:
    assert FeatureDistance().effect == 0.1
    assert FeatureDistance(effect=0.2, window=7).effect == 0.2
    assert LossRise().effect == 0.05


@pytest.mark.parametrize(
    "settings",
    [{"significance": 0}, {"effect": 1}, {"window": 1}, {"warm_up": -1}, {"pooled": 0}],
)
def test_impossible_settings_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        LossRise(**settings)
