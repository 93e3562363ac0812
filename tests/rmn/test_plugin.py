"""What the plugin does around one optimizer step, against the plain formulas."""

import pytest
import torch
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from torch.nn.modules.batchnorm import _BatchNorm

from harness.training.networks import mlp
from rmn import RMN, RMNPlugin, convert


class Spy(SupervisedPlugin):
    """Notes something at one of Avalanche's events, before or after the plugin under test."""

    def __init__(self, event, look):
        super().__init__()
        self.notes = []
        setattr(self, event, lambda strategy, **kwargs: self.notes.append(look(strategy)))


def spied(stream, event, look, tasks=2, **penalties):
    """What is seen before and after the plugin's part of each event of the last task."""
    torch.manual_seed(0)
    model = convert(mlp(10))
    before, after = Spy(event, look), Spy(event, look)
    strategy = RMN(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        rmn=RMNPlugin(**penalties),
        train_mb_size=64,
        plugins=[after],
        evaluator=EvaluationPlugin(),
    )
    strategy.plugins.insert(0, before)
    for experience in stream.experiences[:tasks]:
        before.notes.clear()
        after.notes.clear()
        strategy.train(experience)
    return before.notes, after.notes


def loss_and_penalties(strategy):
    """The loss; over weights that are free, mean relevance and magnitude; the mean overlap."""
    layers = strategy.model.relevance_layers().values()
    used = [layer.masks().sum(0) for layer in layers]
    values = [(layer.relevance.detach(), layer.mapping.detach()) for layer in layers]
    free = torch.cat([(u == 0).flatten() for u in used])
    relevance = torch.cat([r.flatten() for r, _ in values])
    magnitude = torch.cat([m.abs().flatten() for _, m in values])
    overlap = (relevance * torch.cat([u.flatten() for u in used])).mean()
    means = [relevance[free].mean(), magnitude[free].mean(), overlap]
    return float(strategy.loss), torch.stack(means).tolist()


@pytest.mark.parametrize(("weight", "place"), [("l0_weight", 0), ("l1_weight", 1)])
def test_the_loss_has_the_penalty_on_free_weights(stream, weight, place):
    before, after = spied(stream, "before_backward", loss_and_penalties, **{weight: 3.0})
    for (plain, penalties), (whole, _) in zip(before, after, strict=True):
        assert 0 < penalties[place] < 1
        assert whole - plain == pytest.approx(3.0 * penalties[place], rel=1e-3)


def test_the_loss_has_the_overlap_with_earlier_masks(stream):
    before, after = spied(stream, "before_backward", loss_and_penalties, 3, overlap_weight=3.0)
    for (plain, (*_, overlap)), (whole, _) in zip(before, after, strict=True):
        assert overlap > 0
        assert whole - plain == pytest.approx(3.0 * overlap, rel=1e-3)


def test_each_task_starts_with_moments_of_its_own(stream):
    before, _ = spied(stream, "before_update", lambda strategy: len(strategy.optimizer.state))
    assert before[0] == 0
    assert all(before[1:])


def test_negatives_do_not_enter_the_statistics(stream):
    def statistics(strategy):
        norms = [norm for norm in strategy.model.modules() if isinstance(norm, _BatchNorm)]
        return torch.cat([norm.running_mean for norm in norms]), torch.cat(
            [mappings.mapping.detach().clone() for mappings in strategy.model.mappings]
        )

    before, after = spied(stream, "after_update", statistics, 1, quiet_weight=1.0)
    for (means, mapping), (same, moved) in zip(before, after, strict=True):
        assert torch.equal(means, same)
        assert not torch.equal(mapping, moved)
