"""Switch detection against scipy, and on scores whose switches are known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rmn.unsupervised.switch_detection import (
    DETECTORS,
    Evidence,
    FeatureDistance,
    LossRise,
    PredictiveDivergence,
    Sample,
    welch,
)

scores = st.lists(st.floats(0, 1, width=16), min_size=1, max_size=20)


@given(st.lists(scores, min_size=1, max_size=5))
def test_joined_samples_are_the_sample_of_everything(parts):
    joined = Sample.joined([Sample.of(torch.tensor(part)) for part in parts])
    whole = np.concatenate(parts)
    assert joined.size == len(whole)
    assert joined.mean == pytest.approx(whole.mean(), abs=1e-9)
    if len(whole) > 1:
        assert joined.variance == pytest.approx(whole.var(ddof=1), abs=1e-9)


def test_a_batch_without_variance_is_tested_as_one_more_mean():
    # nothing varies but the batch means: the t-test of a single new observation
    means = [0.2, 0.25, 0.19, 0.22, 0.3, 0.21]
    incoming, size = 0.35, 8
    usual = [Sample(size, mean, 0.0) for mean in means]
    spread = np.std(means, ddof=1) * np.sqrt(1 + 1 / len(means))
    expected = stats.t.sf((incoming - np.mean(means)) / spread, len(means) - 1)
    assert welch(Sample(size, incoming, 0.0), usual) == pytest.approx(expected)


def test_one_alarm_in_a_hundred_is_what_one_percent_means():
    generator = np.random.default_rng(0)
    alarms = 0
    for _ in range(2000):
        drift = 0.3 + 0.05 * generator.standard_normal(31)
        batches = torch.from_numpy(drift[:, None] + 0.2 * generator.standard_normal((31, 32)))
        samples = [Sample.of(batch) for batch in batches]
        alarms += welch(samples[-1], samples[:-1]) < 0.01
    assert 5 <= alarms <= 45


def test_equal_scores_are_no_evidence():
    same = Sample(10, 0.5, 0.0)
    assert welch(same, [same, same]) == 1
    assert welch(Sample(10, 0.6, 0.0), [same, same]) == 0


def evidence(surprise, generator, n=64):
    """Two classes; the right one has about 1 - surprise, the features move with the surprise."""
    right = (1 - surprise + 0.05 * torch.randn(n, generator=generator)).clamp(0.02, 0.98)
    logits = torch.stack([right.log(), (1 - right).log()], 1)
    features = torch.randn(n, 5, generator=generator) + 6 * surprise
    return Evidence(logits, torch.zeros(n, dtype=torch.int64), features)


@pytest.mark.parametrize("detector", DETECTORS.values(), ids=DETECTORS)
def test_a_jump_is_noticed_at_once_and_nothing_else(detector):
    generator = torch.Generator().manual_seed(0)
    watch = detector(warm_up=20, window=20)
    quiet = [watch.switched(evidence(0.1, generator)) for _ in range(200)]
    assert not any(quiet)
    assert watch.switched(evidence(0.5, generator))
    watch.restart()
    assert not watch.warm
    assert not any(watch.switched(evidence(0.5, generator)) for _ in range(100))


def test_a_slow_change_is_noticed():
    generator = torch.Generator().manual_seed(0)
    watch = LossRise(warm_up=20, window=100)
    assert not any(watch.switched(evidence(0.1, generator)) for _ in range(100))
    rising = [watch.switched(evidence(0.1 + 0.004 * k, generator)) for k in range(100)]
    assert any(rising)


def test_nothing_is_noticed_while_warming_up():
    generator = torch.Generator().manual_seed(0)
    watch = LossRise(warm_up=50)
    assert not any(watch.switched(evidence(0.1, generator)) for _ in range(25))
    assert not any(watch.switched(evidence(0.9, generator)) for _ in range(25))


def test_scores_by_hand():
    logits = torch.tensor([[0.0, 0.0], [100.0, 0.0]])
    seen = Evidence(logits, torch.tensor([0, 1]), torch.zeros(2, 3))
    torch.testing.assert_close(LossRise().unfamiliarity(seen), torch.tensor([0.5, 1.0]))
    divergence = PredictiveDivergence().unfamiliarity(seen)
    torch.testing.assert_close(divergence, torch.tensor([1.0, 0.0]))
    watch = FeatureDistance()
    spread = Evidence(logits, torch.tensor([0, 1]), torch.tensor([[1.0], [-1.0]]))
    torch.testing.assert_close(watch.unfamiliarity(spread), torch.tensor([0.5, 0.5]))


@pytest.mark.parametrize(
    "settings",
    [{"significance": 0}, {"effect": 1}, {"window": 1}, {"warm_up": -1}, {"pooled": 0}],
)
def test_impossible_settings_are_named(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        LossRise(**settings)
