"""A mixture of experts: what is novel, when an expert is made, and what it answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from baselines.cndpm import CNDPM
from baselines.components.expert_mixture.strategy import ExpertMixtureTraining
from baselines.context import Context
from harness.data.streams import Stream

SMALL = CNDPM(capacity=200, generator_steps=300, classifier_steps=400, classifier_lr=0.003)


@pytest.fixture
def strategy(context: Context) -> ExpertMixtureTraining:
    made = SMALL.build(replace(context, epochs=1, norm="none"))
    assert isinstance(made, ExpertMixtureTraining)
    return made


def test_an_expert_is_made_of_what_fills_the_memory(
    strategy: ExpertMixtureTraining, stream: Stream
) -> None:
    strategy.train(stream.experiences[0])
    assert len(strategy.model.experts) == 1
    # 256 examples in batches of 32: full after the seventh, and emptied
    assert strategy.model.counts[0] >= 224
    assert len(strategy.memory_x) + strategy.model.counts[0] == pytest.approx(256, abs=0.01)
    assert strategy.switches == [3]


def test_examples_of_new_classes_are_novel_and_those_of_known_ones_are_not(
    strategy: ExpertMixtureTraining, stream: Stream
) -> None:
    strategy.train(stream.experiences[0])
    strategy.model.eval()
    novel = []
    for task in (0, 1):
        data = stream.test[task]
        with torch.no_grad():
            scores = strategy._scores(data.inputs(), data.images.labels)
        novel.append(float((scores.argmax(0) == 0).float().mean()))
    assert novel[0] < 0.1
    assert novel[1] > 0.8


def test_an_expert_that_goes_on_learning_draws_codes(
    strategy: ExpertMixtureTraining, stream: Stream
) -> None:
    """By the mean codes alone, widths would feel the divergence only, and go to the prior's 1."""
    strategy.train(stream.experiences[0])
    density, x = strategy._expert(0).density, stream.test[0].inputs()
    with torch.no_grad():
        before = density.encoder(x).chunk(2, 1)[1].mean()
    for _ in range(10):
        strategy.train(stream.experiences[0])
    with torch.no_grad():
        after = density.encoder(x).chunk(2, 1)[1].mean()
    assert len(strategy.model.experts) == 1
    assert before < 0
    assert after < before / 2


def test_the_answer_is_the_mixture_of_what_the_experts_say(
    strategy: ExpertMixtureTraining, stream: Stream
) -> None:
    for experience in stream.experiences[:2]:
        strategy.train(experience)
    model = strategy.model.eval()
    assert len(model.experts) == 2
    x, y = stream.test[1].inputs(), stream.test[1].images.labels
    with torch.no_grad():
        joint, answer = strategy.logits_per_task(x), model(x)
        weights = model.counts / model.counts.sum()
        experts = [strategy._expert(number) for number in range(2)]
        by_hand = torch.stack(
            [
                expert.density.log_likelihood(x)[:, None]
                + expert.classifier(x).log_softmax(1)
                + weight.log()
                for expert, weight in zip(experts, weights, strict=True)
            ]
        )
    assert torch.allclose(joint, by_hand.float(), atol=1e-3)
    assert torch.allclose(answer, by_hand.logsumexp(0).float(), atol=1e-3)
    assert (answer.argmax(1) == y).float().mean() > 0.5
