"""HAT as a strategy answers what its network answers."""

import torch

from baselines.components.hat import HATStrategy
from harness.data.streams import Stream


def test_it_learns_and_answers_per_task(strategy: HATStrategy, stream: Stream) -> None:
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    model = strategy.model
    model.eval()
    x, y = stream.test[1].inputs(), stream.test[1].images.labels
    logits = strategy.logits_per_task(x)
    assert logits.shape == (2, len(x), 10)
    assert torch.equal(logits[1], model.forward_task(x, 1))
    assert (logits[1][:, 2:4].argmax(1) + 2 == y).float().mean() > 0.8
    assert torch.equal(strategy.infer_task_in_one_shot(x), model.infer_task_in_one_shot(x))
    masks = strategy.masks()
    assert [mask.shape[0] for mask in masks.values()] == [2] * len(masks)
    assert masks.keys() == model.masks().keys()
