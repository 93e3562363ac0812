"""Task inference against hand-worked scores and a slow gradient."""

import copy
import math

import pytest
import torch
from torch.nn import functional as F

from harness.training.networks import mlp
from rmn import convert
from rmn.tasks.inference import infer_task

# two tasks, three inputs, four classes: classes 0, 1 belong to task 0 and 2, 3 to task 1
LOGITS = torch.tensor(
    [
        [[3.0, 0.0, 9.0, 0.0], [1.0, 1.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]],
        [[0.0, 0.0, 2.0, 2.9], [0.0, 0.0, 1.5, 0.0], [9.0, 0.0, 3.0, 0.0]],
    ]
)
CLASSES = torch.tensor([[True, True, False, False], [False, False, True, True]])


def by_hand(score):
    return [
        max(range(2), key=lambda t: score(LOGITS[t, n].tolist(), CLASSES[t].tolist()))
        for n in range(3)
    ]


def probabilities(logits):
    total = sum(map(math.exp, logits))
    return [math.exp(logit) / total for logit in logits]


SCORES = {
    "max-logit": lambda z, own: max(v for v, o in zip(z, own, strict=True) if o),
    "max-probability": lambda z, own: max(
        p for p, o in zip(probabilities(z), own, strict=True) if o
    ),
    "entropy": lambda z, own: sum(p * math.log(p) for p in probabilities(z)),
    "energy": lambda z, own: math.log(sum(math.exp(v) for v, o in zip(z, own, strict=True) if o)),
}


@pytest.mark.parametrize("rule", SCORES)
def test_rules_by_hand(rule):
    assert infer_task(LOGITS, CLASSES, rule).tolist() == by_hand(SCORES[rule])


def test_unknown_rule_names_the_known():
    with pytest.raises(ValueError, match="max-logit"):
        infer_task(LOGITS, CLASSES, "maxlogit")


@pytest.fixture(scope="module")
def network():
    """Three tasks with random masks and BatchNorms that differ."""
    torch.manual_seed(0)
    made = convert(mlp(10))
    for task in range(3):
        made.begin_task(task, [2 * task, 2 * task + 1])
        made.train()
        made(torch.rand(64, 1, 28, 28))
        made.finish_task()
    return made.eval()


def test_one_shot_gradient_of_one_input_at_a_time(network):
    x = torch.rand(4, 1, 28, 28)
    assert network.infer_task_in_one_shot(x).tolist() == [
        int(network.infer_task_in_one_shot(one[None])) for one in x
    ]


def test_one_shot_gradient_against_finite_differences(network):
    x = torch.rand(1, 1, 28, 28)
    network = network.double()

    def entropy(weights):
        with network._selected(mixture=weights):
            log_p = F.log_softmax(network.body(x.double()), -1)
        return float(-(log_p.exp() * log_p).sum())

    equal = torch.full((1, 3), 1 / 3, dtype=torch.double)
    step = 1e-5 * torch.eye(3, dtype=torch.double)
    slopes = [(entropy(equal + step[t]) - entropy(equal - step[t])) / 2e-5 for t in range(3)]
    network = network.float()
    assert int(network.infer_task_in_one_shot(x)) == min(range(3), key=slopes.__getitem__)


def test_one_shot_among_some_tasks_is_the_best_of_these(network):
    x = torch.rand(40, 1, 28, 28)
    repeated = copy.deepcopy(network)
    repeated.labels, repeated.rule = [0, 5, 0], "one-shot"
    scores = repeated._one_shot_scores(x)
    assert (scores.argmax(1) == 1).any()  # named for another label's task
    expected = torch.where(scores[:, 0] >= scores[:, 2], 0, 2)
    every = repeated.logits_per_task(x)
    assert torch.equal(repeated(x, 0), every[expected, torch.arange(40)])
    repeated.begin_task(0, [6, 7])
    with pytest.raises(RuntimeError, match="one-shot"):
        repeated(x)


def test_labels_select_tasks(network):
    x = torch.rand(6, 1, 28, 28)
    every = network.logits_per_task(x)
    assert torch.equal(network(x, 1), every[1])
    assert torch.equal(network(x, 7), every[2])
    mixed = network(x, torch.tensor([0, 1, 2, 2, 1, 0]))
    expected = torch.stack([every[t, n] for n, t in enumerate([0, 1, 2, 2, 1, 0])])
    torch.testing.assert_close(mixed, expected, rtol=1e-5, atol=1e-6)
    inferred = infer_task(every, network.class_table(10), "max-logit")
    assert torch.equal(network(x), every[inferred, torch.arange(6)])


def test_a_label_of_several_tasks_is_inferred(network):
    x = torch.rand(6, 1, 28, 28)
    network.labels = [0, 0, 0]
    try:
        assert torch.equal(network(x, torch.zeros(6, dtype=torch.long)), network(x))
    finally:
        network.labels = [0, 1, 2]
