"""Evaluation against a slow loop, memory against hand counts, the schedule against its formula."""

import math
from dataclasses import replace

import pytest
import torch
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.supervised import EWC, Naive, Replay
from torch import nn

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.data.loading import TensorLoading
from harness.data.streams import experiences, make_stream
from harness.evaluation.labelled import evaluate_labelled
from harness.evaluation.logit_cache import LogitCache
from harness.evaluation.memory_usage import memory_usage, network_bytes
from harness.experiment.requirements import check_requirements
from harness.training.networks import mlp
from harness.training.schedules import CosineDecay
from rmn import RMN, convert

TRAINING = TrainingBudget(epochs=1, train_examples=256, test_examples=60, tasks=3)
BENCHMARK = BENCHMARKS["split_mnist"].first(3)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def stream():
    torch.set_num_threads(1)
    return make_stream(BENCHMARK, TRAINING, seed=0)


def trained(kind, stream, model=None, tasks=2, **arguments):
    torch.manual_seed(0)
    model = model or mlp(10)
    strategy = kind(
        model=model,
        optimizer=torch.optim.Adam(model.parameters(), lr=2e-3),
        criterion=nn.CrossEntropyLoss(),
        train_mb_size=32,
        train_epochs=2,
        evaluator=arguments.pop("evaluator", EvaluationPlugin()),
        plugins=[TensorLoading(0), *arguments.pop("plugins", [])],
        **arguments,
    )
    for experience in stream.experiences[:tasks]:
        strategy.train(experience)
    return strategy


def of(rows, **where):
    return [r["value"] for r in rows if all(r.get(k) == v for k, v in where.items())]


def test_a_plain_network_against_a_loop(stream):
    strategy = trained(Naive, stream)
    rows = list(evaluate_labelled(strategy, BENCHMARK, stream.test, after=2, device=CPU))
    for task, data in enumerate(stream.test):
        aware = agnostic = 0
        for n in range(len(data)):
            logits = strategy.model(data.inputs(slice(n, n + 1)))[0].tolist()
            label = int(data.images.labels[n])
            aware += max(BENCHMARK.classes[task], key=logits.__getitem__) == label
            agnostic += max(range(4), key=logits.__getitem__) == label
        where = {"metric": "accuracy", "task": task + 1}
        assert of(rows, **where, regime="task-aware") == [aware / len(data)]
        assert of(rows, **where, regime="task-agnostic") == [agnostic / len(data)]


def test_masks_against_a_loop(stream):
    strategy = trained(RMN, stream, convert(mlp(10)))
    rows = list(evaluate_labelled(strategy, BENCHMARK, stream.test[:2], after=2, device=CPU))
    for task, data in enumerate(stream.test[:2]):
        right, taken = 0, [0, 0]
        for n in range(len(data)):
            logits = strategy.logits_per_task(data.inputs(slice(n, n + 1)))[:, 0].tolist()
            pairs = [(t, c) for t in range(2) for c in BENCHMARK.classes[t]]
            t, c = max(pairs, key=lambda pair: logits[pair[0]][pair[1]])
            right += c == int(data.images.labels[n])
            taken[t] += 1
        where = {"task": task + 1, "rule": "max-logit"}
        assert of(rows, **where, metric="accuracy") == [right / len(data)]
        shares = of(rows, **where, metric="inferred_as")
        assert shares == pytest.approx([count / len(data) for count in taken])


def test_long_streams_are_measured_where_metrics_look(stream, monkeypatch):
    monkeypatch.setattr("harness.evaluation.labelled._FEW_TASKS", 2)
    strategy = trained(RMN, stream, convert(mlp(10)), tasks=2)
    rows = list(evaluate_labelled(strategy, BENCHMARK, stream.test, after=2, device=CPU))
    assert [r["task"] for r in rows if r.get("regime") == "task-aware"] == [1, 2, 3]
    assert {r["task"] for r in rows if r.get("regime") == "task-agnostic"} == {2}
    early = list(evaluate_labelled(trained(Naive, stream, tasks=1), BENCHMARK, stream.test, 1, CPU))
    assert [r["task"] for r in early if r["regime"] == "task-aware"] == [1, 2]
    rows = list(evaluate_labelled(strategy, BENCHMARK, stream.test[:2], after=2, device=CPU))
    agnostic = [r for r in rows if r.get("regime") == "task-agnostic"]
    assert {r["task"] for r in agnostic} == {1, 2}
    assert "one-shot" not in {r["rule"] for r in agnostic}


def test_avalanches_own_accuracy(stream):
    """Over all outputs, as Avalanche counts; the first task alone has only its classes seen."""
    evaluator = EvaluationPlugin(accuracy_metrics(experience=True))
    strategy = trained(Naive, stream, tasks=1, evaluator=evaluator)
    theirs = strategy.eval(experiences(stream.test[:1]))
    rows = list(evaluate_labelled(strategy, BENCHMARK, stream.test[:1], after=1, device=CPU))
    (value,) = (v for k, v in theirs.items() if k.startswith("Top1_Acc_Exp/eval_phase"))
    with torch.no_grad():
        free = strategy.model.eval()(stream.test[0].inputs()).argmax(1)
    if set(free.tolist()) <= {0, 1}:  # then restricting to the task's classes changes nothing
        assert of(rows, regime="task-aware", metric="accuracy") == [pytest.approx(value)]
    assert (free == stream.test[0].images.labels).double().mean().item() == pytest.approx(value)


def test_memory_by_hand(stream):
    bare = network_bytes(mlp(10))
    weights = 784 * 100 + 2 * 100 * 100 + 100 * 10 + 3 * 2 * 100
    statistics = 4 * 3 * 2 * 100 + 3 * 8
    assert bare == 4 * weights + statistics
    ewc = memory_usage(trained(EWC, stream, ewc_lambda=1.0))
    assert ewc.bytes - bare == pytest.approx(2 * 2 * 4 * weights, abs=64)
    assert ewc.examples == 0
    assert memory_usage(trained(Naive, stream)).bytes - bare <= 64
    few, many = (memory_usage(trained(Replay, stream, mem_size=size)) for size in (30, 60))
    assert (few.examples, many.examples) == (30, 60)
    assert few.example_bytes == 30 * (784 + 8)  # pixels are bytes, labels int64
    assert many.bytes - few.bytes == pytest.approx(30 * (784 + 8), abs=512)


def test_a_method_that_does_what_it_does_not_declare_is_refused(stream):
    replaying, plain = trained(Replay, stream, mem_size=30), trained(Naive, stream)
    naive, replay = methods()["naive"](), methods()["replay"]()
    check_requirements(naive, plain, memory_usage(plain), "shared")
    check_requirements(replay, replaying, memory_usage(replaying), "shared")
    with pytest.raises(ValueError, match=r"naive was seen to need Requirement\.REPLAY"):
        check_requirements(naive, replaying, memory_usage(replaying), "shared")
    asking = trained(RMN, stream, model=convert(mlp(10)))
    with pytest.raises(ValueError, match=r"naive was seen to need Requirement\.TASK_IDENTITY"):
        check_requirements(naive, asking, memory_usage(asking), "shared")


def test_cosine_decay_follows_its_formula(stream):
    rates = []

    class Watch(SupervisedPlugin):
        def before_update(self, strategy, **kwargs):
            rates.append(strategy.optimizer.param_groups[0]["lr"])

    strategy = trained(Naive, stream, plugins=[CosineDecay(), Watch()])
    steps = 2 * 8  # epochs times batches of a task
    expected = [2e-3 * (1 + math.cos(math.pi * k / steps)) / 2 for k in range(steps)]
    assert rates == pytest.approx(expected * 2)
    assert strategy.optimizer.param_groups[0]["lr"] == 2e-3


def test_shared_outputs_are_right_only_under_the_right_task():
    """MNIST's digits 0/1, 2/3 and 4/5 all as outputs 0 and 1."""
    relative = replace(BENCHMARK, shared_outputs=True, outputs=2)
    stream = make_stream(relative, TRAINING, seed=0)
    assert {tuple(task.images.labels.unique().tolist()) for task in stream.test} == {(0, 1)}
    plain = trained(Naive, stream, mlp(2))
    rows = list(evaluate_labelled(plain, relative, stream.test, after=2, device=CPU))
    assert of(rows, metric="accuracy", regime="task-aware")
    assert not of(rows, metric="accuracy", regime="task-agnostic")

    strategy = trained(RMN, stream, convert(mlp(2)))
    rows = list(evaluate_labelled(strategy, relative, stream.test, after=2, device=CPU))
    for task, data in enumerate(stream.test[:2]):
        with torch.no_grad():
            logits = strategy.logits_per_task(data.inputs())
        right = 0
        for n in range(len(data)):
            inferred = max(range(2), key=lambda t: logits[t, n].max().item())
            answer = int(logits[inferred, n].argmax())
            right += inferred == task and answer == int(data.images.labels[n])
        where = {"metric": "accuracy", "task": task + 1, "rule": "max-logit"}
        assert of(rows, **where) == [right / len(data)]


def answer_kinds(strategy):
    """Which kinds of numbers the strategy answers in from now on."""
    answers, kinds = strategy.logits_of_task, []

    def watched(x, task):
        logits = answers(x, task)
        kinds.append(logits.dtype)
        return logits

    strategy.logits_of_task = watched
    return kinds


def test_what_is_known_is_not_asked_again_and_changes_nothing(stream):
    """Every evaluation with what earlier ones left behind, against one from nothing."""
    strategy = trained(RMN, stream, convert(mlp(10)), tasks=0)
    answers, asked = LogitCache(), []
    kinds = answer_kinds(strategy)
    for after, experience in enumerate(stream.experiences, start=1):
        strategy.train(experience)
        where = (strategy, BENCHMARK, stream.test, after, CPU, "float32")
        before = len(kinds)
        rows = list(evaluate_labelled(*where, answers))
        asked.append(len(kinds) - before)
        assert rows == list(evaluate_labelled(*where))
    assert asked == [1, 3, 5]  # pairs of a learned task and the data of one: 1, 4, 9


def test_a_function_that_was_altered_is_asked_again(stream):
    strategy = trained(RMN, stream, convert(mlp(10)))
    where = (strategy, BENCHMARK, stream.test[:2], 2, CPU, "float32")
    answers = LogitCache()
    before = list(evaluate_labelled(*where, answers))
    kinds = answer_kinds(strategy)
    layer = next(iter(strategy.model.relevance_layers().values()))
    first, second = strategy.masks()[next(iter(strategy.masks()))]
    with torch.no_grad():
        layer.weight[first & ~second] = 5.0
    after = list(evaluate_labelled(*where, answers))
    assert len(kinds) == 2  # of the first task about the data of both
    assert after == list(evaluate_labelled(*where))
    assert of(after, task=1, regime="task-aware") != of(before, task=1, regime="task-aware")
    assert of(after, task=2, regime="task-aware") == of(before, task=2, regime="task-aware")


def test_in_long_streams_only_task_inference_has_the_precision_of_training():
    many = replace(BENCHMARKS["permuted_mnist"], classes=BENCHMARKS["permuted_mnist"].classes * 2)
    many = many.first(11)
    training = TrainingBudget(epochs=1, train_examples=512, test_examples=100)
    stream = make_stream(many, training, seed=0)
    strategy = trained(RMN, stream, convert(mlp(10)), tasks=11)
    kinds = answer_kinds(strategy)
    exact, rounded = (
        list(evaluate_labelled(strategy, many, stream.test, 11, CPU, precision))
        for precision in ("float32", "bfloat16")
    )
    assert kinds == [torch.float32] * 121 + [torch.bfloat16] * 121
    aware = {"metric": "accuracy", "regime": "task-aware"}
    assert of(exact, **aware) == of(rounded, **aware)
    rule = {"metric": "accuracy", "rule": "max-logit"}
    assert len(of(exact, **rule)) == 11
    assert of(rounded, **rule) == pytest.approx(of(exact, **rule), abs=0.05)
    assert not of(exact, rule="one-shot")


def test_in_short_streams_task_inference_is_exact(stream):
    strategy = trained(RMN, stream, convert(mlp(10)))
    kinds = answer_kinds(strategy)
    list(evaluate_labelled(strategy, BENCHMARK, stream.test[:2], 2, CPU, "bfloat16"))
    assert set(kinds) == {torch.float32}
