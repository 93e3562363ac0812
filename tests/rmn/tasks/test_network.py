"""A network with one function per task, made of heads and BatchNorms per task."""

import copy
import io
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rmn.tasks.inference import infer_task
from rmn.tasks.layers import TaskBatchNorm, TaskHead
from rmn.tasks.network import TaskNetwork

OUTPUTS = 10


def untrained() -> TaskNetwork:
    torch.manual_seed(0)
    body = nn.Sequential(
        nn.Linear(6, 20),
        TaskBatchNorm(nn.BatchNorm1d(20)),
        nn.ReLU(),
        TaskHead(nn.Linear(20, OUTPUTS)),
    )
    return TaskNetwork(body)


@pytest.fixture
def network() -> TaskNetwork:
    """Three tasks whose heads and BatchNorms differ."""
    made = untrained()
    for task in range(3):
        made.begin_task(task, [2 * task, 2 * task + 1])
        made.train()
        made(task + torch.randn(64, 6))
        made.finish_task()
    made.eval()
    return made


def test_labels_select_tasks(network: TaskNetwork) -> None:
    x = torch.randn(6, 6)
    every = network.logits_per_task(x)
    assert every.shape == (3, 6, OUTPUTS)
    assert torch.equal(network(x, 1), every[1])
    assert torch.equal(network(x, torch.ones(6, dtype=torch.long)), every[1])
    assert torch.equal(network(x, 7), every[2])  # unknown: the task learned last
    mixed = network(x, torch.tensor([0, 1, 2, 2, 1, 0]))
    expected = torch.stack([every[t, n] for n, t in enumerate([0, 1, 2, 2, 1, 0])])
    torch.testing.assert_close(mixed, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_a_second_input_is_not_taken_for_task_labels(network: TaskNetwork, training: bool) -> None:
    with pytest.raises(ValueError, match=r"shape \(6, 4\) are not one for each input; .*convert"):
        network.train(training)(torch.randn(6, 6), torch.ones(6, 4))


def test_no_inputs_have_no_logits(network: TaskNetwork) -> None:
    x, labels = torch.randn(0, 6), torch.zeros(0, dtype=torch.long)
    for answer in (network(x), network(x, 1), network(x, labels)):
        assert answer.shape == (0, OUTPUTS)


def test_predictions_need_the_inference_tensors_alone(network: TaskNetwork) -> None:
    x = torch.randn(6, 6)
    before = network.logits_per_task(x)
    needed = {tensor.data_ptr() for tensor in network.inference_tensors()}
    for tensor in network.state_dict(keep_vars=True).values():
        if isinstance(tensor, Tensor) and tensor.data_ptr() not in needed:
            tensor.data.fill_(7)
    assert torch.equal(network.logits_per_task(x), before)
    # a layer of 6 x 20 with biases is shared; 3 tasks have 4 values a channel and a head of 20 x 10
    values = sum(tensor.numel() for tensor in network.inference_tensors())
    assert values == 6 * 20 + 20 + 3 * (4 * 20 + 20 * OUTPUTS)


def test_a_live_task_counts_as_if_it_were_finished(network: TaskNetwork) -> None:
    network.begin_task(3, [6, 7])
    values = sum(tensor.numel() for tensor in network.inference_tensors())
    network.finish_task()
    assert sum(tensor.numel() for tensor in network.inference_tensors()) == values


def test_without_a_label_the_task_is_inferred(network: TaskNetwork) -> None:
    x = torch.randn(6, 6)
    every = network.logits_per_task(x)
    for rule in ("max-logit", "entropy"):
        network.rule = rule
        inferred = infer_task(every, network.class_table(OUTPUTS), rule)
        assert torch.equal(network(x), every[inferred, torch.arange(6)])


def test_a_label_of_several_tasks_is_inferred(network: TaskNetwork) -> None:
    x = torch.randn(6, 6)
    network.labels = [0, 0, 0]
    assert torch.equal(network(x, torch.zeros(6, dtype=torch.long)), network(x))


def test_the_live_task_is_available_while_it_is_learned(network: TaskNetwork) -> None:
    x = torch.randn(6, 6)
    learned = network.logits_per_task(x)
    network.begin_task(5, [])
    assert network.available_tasks == [0, 1, 2, None]
    every = network.logits_per_task(x)
    assert torch.equal(every[:3], learned)
    assert torch.equal(every[3], network.body(x))
    assert torch.equal(network(x, 5), every[3])
    assert network.class_table(OUTPUTS)[3].all()  # its classes are unknown
    assert network.features_per_task(x).shape == (4, 6, 20)
    network.finish_task()
    assert network.labels == [0, 1, 2, 5]
    assert network.tasks == 4
    assert torch.equal(network(x, 5), every[3])


def test_a_task_that_was_not_begun_cannot_be_finished() -> None:
    with pytest.raises(RuntimeError, match="begin_task"):
        untrained().finish_task()


def test_features_are_the_inputs_of_the_head(network: TaskNetwork) -> None:
    x = torch.randn(4, 6)
    features = network.features_per_task(x)
    head = next(m for m in network.modules() if isinstance(m, TaskHead))
    logits = torch.stack([F.linear(f, head.finished[task]) for task, f in enumerate(features)])
    assert torch.equal(logits, network.logits_per_task(x))


def test_one_shot_gradient_of_one_input_at_a_time(network: TaskNetwork) -> None:
    x = torch.randn(8, 6)
    alone = [int(network.infer_task_in_one_shot(one[None])) for one in x]
    assert network.infer_task_in_one_shot(x).tolist() == alone
    assert len(set(alone)) > 1


@pytest.mark.parametrize("rule", ["one-shot", "binary"])
def test_rules_that_take_gradients_do_so_in_inference_mode(
    network: TaskNetwork, rule: Literal["one-shot", "binary"]
) -> None:
    x = torch.randn(4, 6)
    with torch.inference_mode():
        network.logits_per_task(x)  # may keep tensors for later
        network.rule = rule
        found = network(x + 0)
    assert found.is_inference()
    assert torch.equal(found, network(x))


def test_one_shot_gradient_against_finite_differences(network: TaskNetwork) -> None:
    x = torch.randn(1, 6)
    precise = copy.deepcopy(network).double()

    def entropy(weights: Tensor) -> float:
        with precise._selected(mixture=weights):
            log_p = F.log_softmax(precise.body(x.double()), -1)
        return float(-(log_p.exp() * log_p).sum())

    equal = torch.full((1, 3), 1 / 3, dtype=torch.double)
    step = 1e-5 * torch.eye(3, dtype=torch.double)
    slopes = [(entropy(equal + step[t]) - entropy(equal - step[t])) / 2e-5 for t in range(3)]
    assert int(network.infer_task_in_one_shot(x)) == min(range(3), key=slopes.__getitem__)


def test_one_shot_among_some_tasks_is_the_best_of_these(network: TaskNetwork) -> None:
    x = torch.randn(40, 6)
    network.labels, network.rule = [0, 5, 0], "one-shot"
    scores = network._one_shot_scores(x)
    assert (scores.argmax(1) == 1).any()  # the best is another label's task
    expected = torch.where(scores[:, 0] >= scores[:, 2], 0, 2)
    every = network.logits_per_task(x)
    assert torch.equal(network(x, 0), every[expected, torch.arange(40)])
    network.begin_task(0, [6, 7])
    with pytest.raises(RuntimeError, match="one-shot"):
        network(x)


def test_halving_of_one_input_at_a_time(network: TaskNetwork) -> None:
    x = torch.randn(30, 6)
    alone = [int(network.infer_task_by_halving(one[None])) for one in x]
    assert network.infer_task_by_halving(x).tolist() == alone
    assert len(set(alone)) > 1


def test_halving_among_two_tasks_mixes_these(network: TaskNetwork) -> None:
    x = torch.randn(40, 6)
    network.labels, network.rule = [0, 5, 0], "binary"
    scores = network._one_shot_scores(x, torch.tensor([True, False, True]))
    expected = torch.where(scores[:, 0] >= scores[:, 2], 0, 2)
    every = network.logits_per_task(x)
    assert torch.equal(network(x, 0), every[expected, torch.arange(40)])


def test_a_fingerprint_is_of_one_task(network: TaskNetwork) -> None:
    x = torch.randn(4, 6)
    head = next(m for m in network.modules() if isinstance(m, TaskHead))
    shared = network.body.get_submodule("0")

    def changed(change: Callable[[], object]) -> list[bool]:
        before = [network.fingerprint(task) for task in range(3)]
        logits = network.logits_per_task(x)
        with torch.no_grad():
            change()
        digests = [network.fingerprint(task) != before[task] for task in range(3)]
        pairs = zip(network.logits_per_task(x), logits, strict=True)
        assert digests == [not torch.equal(*pair) for pair in pairs]
        return digests

    assert len({network.fingerprint(task) for task in range(3)}) == 3
    assert changed(lambda: head.finished[1].add_(1)) == [False, True, False]
    assert changed(lambda: head.live.weight.add_(1)) == [False, False, False]
    assert changed(lambda: shared.get_parameter("weight").mul_(1.5)) == [True, True, True]


def test_a_saved_network_continues_where_it_was(network: TaskNetwork) -> None:
    network.begin_task(9, [6, 7])
    network.rule = "energy"
    loaded = untrained()
    loaded.load_state_dict(network.state_dict())
    x = torch.randn(4, 6)
    assert torch.equal(loaded.eval().logits_per_task(x), network.logits_per_task(x))
    assert loaded.rule == "energy"
    loaded.finish_task()
    assert loaded.labels == [0, 1, 2, 9]
    assert loaded.classes == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_a_task_is_not_begun_over_another(network: TaskNetwork) -> None:
    network.begin_task(3, [6, 7])
    with pytest.raises(RuntimeError, match=r"task 3 is being learned, .* task 4 began now"):
        network.begin_task(4, [8, 9])
    network.begin_task(3, [6])  # interrupted, and begun again
    network.finish_task()
    network.begin_task(4, [8, 9])
    network.finish_task()
    assert network.labels == [0, 1, 2, 3, 4]
    assert network.classes[3:] == [[6], [8, 9]]


def test_a_state_that_is_kept_does_not_change(network: TaskNetwork) -> None:
    state, logits = copy.copy(network.state_dict()), network.logits_per_task(torch.ones(2, 6))
    network.begin_task(3, [6, 7])
    network.finish_task()
    network.classes[0].append(9)
    loaded = untrained()
    loaded.load_state_dict(state)
    loaded.begin_task(3, [])
    loaded.finish_task()
    loaded.classes[1].append(9)
    again = untrained()
    again.load_state_dict(state)
    assert again.classes == [[0, 1], [2, 3], [4, 5]]
    assert torch.equal(again.eval().logits_per_task(torch.ones(2, 6)), logits)


LABELS: list[Callable[[list[int]], Any]] = [
    lambda labels: labels,
    np.array,
    lambda labels: np.array(labels, dtype=np.int16),
]


@pytest.mark.parametrize("kind", LABELS, ids=["list", "array", "short array"])
def test_labels_need_not_be_tensors(network: TaskNetwork, kind: Callable[[list[int]], Any]) -> None:
    x, labels = torch.randn(4, 6), [0, 2, 1, 0]
    assert torch.equal(network(x, kind(labels)), network(x, torch.tensor(labels)))
    assert torch.equal(network(x, kind([1] * 4)), network(x, 1))
    assert torch.equal(network(x, np.int64(1)), network(x, 1))


def test_a_label_of_numpy_is_saved_as_a_number(network: TaskNetwork) -> None:
    label: Any = np.int64(7)
    network.begin_task(label, np.array([6, 7]).tolist())
    for _ in range(2):  # while it is learned and afterwards
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        loaded = untrained()
        loaded.load_state_dict(torch.load(file, weights_only=True))
        if network.tasks == 3:
            network.finish_task()
    assert loaded.labels == [0, 1, 2, 7]


class Named(nn.Module):
    """Gives its output a name."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"logits": x}


@pytest.mark.parametrize(
    ("end", "shape"), [(Named(), "dict"), (nn.Unflatten(1, (5, 2)), r"of shape \(4, 5, 2\)")]
)
def test_other_outputs_than_logits_need_one_task_label(end: nn.Module, shape: str) -> None:
    network = TaskNetwork(nn.Sequential(TaskHead(nn.Linear(6, OUTPUTS)), end))
    for task in range(2):
        network.begin_task(task, [])
        network.finish_task()
    x = torch.randn(4, 6)
    network.eval()(x, 1)
    with pytest.raises(ValueError, match=f"output is {shape}; give one task label"):
        network(x)
    labels = torch.tensor([0, 1, 1, 0])
    if isinstance(end, Named):
        with pytest.raises(ValueError, match=r"output is a dict, .*; give one task label"):
            network(x, labels)
    else:
        torch.testing.assert_close(network(x, labels)[1:3], network(x, 1)[1:3])


@pytest.mark.parametrize("number", [OUTPUTS, -1])
def test_a_class_without_an_output_is_named(network: TaskNetwork, number: int) -> None:
    network.begin_task(3, [number])
    with pytest.raises(ValueError, match=f"class {number} has no output among the {OUTPUTS} of"):
        network(torch.randn(4, 6))
