"""The contract that every registered method keeps, checked on real Split-MNIST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
import torch
from avalanche.models import avalanche_forward
from torch import Tensor

from baselines.components.elastic_weight_consolidation import OnlinePenaltyPlugin
from baselines.context import Context
from baselines.ewc import EWC
from baselines.interface import Baseline, Requirement, Role
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.plan import is_compatible
from harness.config.scenarios import CLASS_IL, TASK_IL
from harness.contract import training
from harness.contract.law import laws
from harness.contract.subject import Subject, accuracy
from harness.data.streams import Stream
from harness.storage.schema import ALONE, CLASSES_SEEN

Method = type[Baseline]

LEAVING_OLD_HEADS_ALONE = [
    *("naive", "ewc", "si", "mas", "rwalk", "gpm", "dlp", "vcl", "ags_cl", "joint", "rmn", "hat"),
    *("replay", "agem", "derpp", "mega"),  # but for those of the examples that they replay
]

LABELLED = [m for m in methods().values() if is_compatible(BENCHMARKS["split_mnist"], m)]

every_method = pytest.mark.parametrize("method", methods().values(), ids=methods())
unrouted = [method for method in LABELLED if method.role is not Role.ROUTED]
unrouted_method = pytest.mark.parametrize("method", unrouted, ids=[m.name for m in unrouted])


@pytest.fixture(scope="module")
def subject() -> Callable[[Method], Subject]:
    """A method with its small runs, each made once."""
    return cache(Subject)


LAWS = (
    training.it_learns_the_last_task,
    training.it_learns_without_task_labels,
    training.it_is_measured_in_its_scenario_alone,
    training.no_batch_norm_where_none_was_asked_for,
    training.what_it_declares_is_what_is_seen,
    training.the_same_run_gives_the_same_rows,
)


@pytest.mark.parametrize("check", LAWS)
@every_method
def test_it_keeps_the_laws_of_training(
    method: Method, check: Callable[[Subject], str], subject: Callable[[Method], Subject]
) -> None:
    if excuse := laws()[check.__name__].excuse(method):
        pytest.skip(excuse)
    assert check(subject(method))


def last_learned_under(subject: Subject, scenario: str, outputs: str, norm: str) -> float:
    """Accuracy on the second task of two; with the identity for a method that infers the task.

    Such a method has learned the task the same, and is not asked here which one it is.

    Args:
        subject: the method.
        scenario: of the run; one that allows the norm.
        outputs: kind of outputs.
        norm: normalisation.
    """
    given = TASK_IL if subject.method.rule else scenario
    rows = subject.outcome(given, **training.SHORT, outputs=outputs, norm=norm).rows
    return accuracy(rows, 2, 2, "" if given == TASK_IL else CLASSES_SEEN)


@pytest.mark.parametrize(("scenario", "outputs", "norm"), training.COMBINATIONS)
@unrouted_method
def test_it_learns_in_every_scenario_with_any_norm_and_outputs(
    method: Method,
    scenario: str,
    outputs: str,
    norm: str,
    subject: Callable[[Method], Subject],
) -> None:
    under = (subject(method), scenario, outputs, norm)
    first = training.learned_under(*under)
    if first is not None:
        assert first > training.LEARNED
        last = last_learned_under(*under)
        assert last > (0.75 if norm == "none" else 0.85)


@every_method
def test_forgetting_is_zero_where_weights_are_protected(
    method: Method, subject: Callable[[Method], Subject]
) -> None:
    if (method.tuning_source or method.name) not in ("rmn", "single", "hat", "rmn_unsupervised"):
        pytest.skip("it may forget")
    rows = subject(method).outcome().rows
    # HAT's attention is not quite binary; who must notice a switch learns on for some batches
    tolerance = 0 if (method.tuning_source or method.name) in ("rmn", "single") else 0.02
    for task in (1, 2):
        learned = accuracy(rows, task, task)
        final = accuracy(rows, 3, task)
        assert final == pytest.approx(learned, abs=tolerance)


@pytest.mark.parametrize("name", ["rmn_plus", "hat_plus", "single_plus"])
def test_a_router_is_a_rule_and_its_costs_are_measured(
    name: str, subject: Callable[[Method], Subject]
) -> None:
    method = methods()[name]
    rows = subject(method).outcome(CLASS_IL).rows
    rule = method().default_rule
    assert accuracy(rows, 3, 1, rule) > 0.5
    alone = rows[(rows["rule"] == rule + ALONE) & (rows["after"] == 3)]
    assert len(alone) == 3
    costs = rows[rows["rule"] == rule].groupby("metric")["value"].last()
    assert costs["router_bytes"] > 0
    assert costs["router_seconds"] > 0


@pytest.mark.parametrize("plugins", ["of the harness", "none"])
@pytest.mark.parametrize("name", ["joint", "replay"])
def test_a_batch_may_have_fewer_examples_than_there_are_tasks(
    name: str, plugins: str, context: Context, stream: Stream
) -> None:
    small = replace(context, batch_size=2, epochs=1)
    if plugins == "none":
        small = replace(small, plugins=())
    strategy = methods()[name]().build(small)
    groups = [stream.experiences] if name == "joint" else stream.experiences
    for group in groups:
        strategy.train(group, reset_optimizer_state=True)
    assert strategy.clock.train_iterations > 100


def test_online_ewc_forgets_importances_as_fast_as_it_is_told(
    context: Context, stream: Stream
) -> None:
    """Without a decay it keeps the first task's; with all of it, the last one's alone."""

    def importance(decay: float, tasks: slice) -> dict[str, Tensor]:
        torch.manual_seed(0)
        strategy = EWC(ewc_lambda=0.0, mode="online", decay_factor=decay).build(context)
        for experience in stream.experiences[tasks]:
            strategy.train(experience, reset_optimizer_state=True)
        [plugin] = [one for one in strategy.plugins if isinstance(one, OnlinePenaltyPlugin)]
        return plugin.importance

    first, both, last = (
        importance(decay, slice(tasks)) for decay, tasks in ((1.0, 1), (1.0, 2), (0.0, 2))
    )
    for name, value in both.items():
        torch.testing.assert_close(value, first[name] + last[name])


@pytest.mark.parametrize("name", LEAVING_OLD_HEADS_ALONE)
def test_a_head_per_task_is_learned_and_old_ones_are_left_alone(
    name: str, context: Context, stream: Stream
) -> None:
    method = methods()[name]
    torch.manual_seed(0)
    strategy = method(**method.check_settings).build(replace(context, head="per-task"))
    first, second = stream.experiences[:2]
    if Requirement.ALL_TASKS_AT_ONCE in method.requirements:
        strategy.train([first, second], reset_optimizer_state=True)
    else:
        strategy.train(first, reset_optimizer_state=True)
        heads = {n: v.clone() for n, v in strategy.model.state_dict().items() if "copies.0" in n}
        strategy.train(second, reset_optimizer_state=True)
        after = strategy.model.state_dict()
        kept = all(torch.equal(value, after[n]) for n, value in heads.items())
        assert kept or Requirement.REPLAY in method.requirements
        assert heads or name in ("rmn", "hat")
    strategy.model.eval()
    x, y = stream.test[1].inputs(), stream.test[1].images.labels
    answers = avalanche_forward(strategy.model, x, torch.ones(len(x), dtype=torch.long))
    assert (answers[:, 2:4].argmax(1) + 2 == y).float().mean() > 0.8
    mixed = avalanche_forward(strategy.model, x, torch.arange(len(x)) % 2)
    assert torch.allclose(mixed[1::2], answers[1::2], atol=1e-5)
