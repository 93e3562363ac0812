"""The contract that every registered method keeps, checked on real Split-MNIST."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any, Literal

import pandas as pd
import pytest
import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import nn

from baselines.context import Context
from baselines.ewc import EWC
from baselines.interface import (
    Baseline,
    DetectsTasks,
    HasFingerprints,
    HasMasks,
    InfersTask,
    InfersTaskInOneShot,
    Requirement,
    Role,
    Supervision,
)
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import is_compatible, plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, TASK_IL
from harness.config.settings import SettingError
from harness.data.streams import Stream
from harness.experiment.experiment import Backbones, RunResult, run_experiment
from harness.storage.schema import ALONE, CLASSES_SEEN

TRAINING = TrainingBudget(epochs=4, batch_size=32, train_examples=512, test_examples=200, tasks=3)
"""For streams with task labels; the others need room for a detector to warm up."""

SHORT: dict[str, Any] = {"batch_size": 16, "train_examples": 256, "tasks": 2}
"""What is changed of it for many runs of each method."""

TASK_FREE = replace(TRAINING, epochs=10, train_examples=1024, decay=False)
UNLABELLED = "split_mnist_unsupervised"

SHORTEST: dict[str, Any] = {**SHORT, "epochs": 1, "test_examples": 50}
"""For what does not ask how well a method learns."""

WEAKENED: dict[str, dict[str, Any]] = {
    "ags_cl": {"stay": 0.3},
    "derpp": {"alpha": 0.02},
    "gpm": {"threshold": 0.9},
    "rwalk": {"rwalk_lambda": 1.0},
    "vcl": {"kl_weight": 0.01},
    "vcl_coreset": {"kl_weight": 0.01, "coreset_epochs": 2, "per_task": 40},
}
"""Settings under which a later task of a hundred steps can be learned.

The defaults of what holds the first task are for tasks of ten times as many steps, or examples.
"""

PATIENT = {"hat": 30, "packnet": 12}
"""Epochs of methods that need more where no normalisation helps: to open gates, or to retrain."""

Method = type[Baseline]
Outcome = Callable[..., RunResult]

LEAVING_OLD_HEADS_ALONE = [
    *("naive", "ewc", "si", "mas", "rwalk", "gpm", "dlp", "vcl", "ags_cl", "joint", "rmn", "hat"),
    *("replay", "agem", "derpp", "mega"),  # but for those of the examples that they replay
]

LABELLED = [m for m in methods().values() if is_compatible(BENCHMARKS["split_mnist"], m)]

every_method = pytest.mark.parametrize("method", methods().values(), ids=methods())
unrouted = [method for method in LABELLED if method.role is not Role.ROUTED]
unrouted_method = pytest.mark.parametrize("method", unrouted, ids=[m.name for m in unrouted])
labelled_method = pytest.mark.parametrize("method", LABELLED, ids=[m.name for m in LABELLED])


def run_of(
    method: Method,
    scenario: str = TASK_IL,
    *,
    settings: Mapping[str, Any] | None = None,
    **budget: Any,
) -> Run:
    """Of a method in a scenario; without task labels there is but one."""
    labelled = is_compatible(BENCHMARKS["split_mnist"], method)
    name, training = ("split_mnist", TRAINING) if labelled else (UNLABELLED, TASK_FREE)
    resolved = resolve(method, {}, {})
    resolved = replace(resolved, values={**resolved.values, **(settings or {})})  # noqa: PD011
    [run] = plan(
        BENCHMARKS[name],
        "smoke",
        replace(training, **budget),
        {method.name: method},
        {scenario if labelled else CLASS_IL: {method.name: resolved}},
        seeds=[0],
    )
    return run


def trained(run: Run) -> RunResult:
    return run_experiment(run, device="cpu", data=None, report=lambda _: None)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """What a run measured, trained once."""
    made: dict[str, RunResult] = {}

    def of(method: Method, scenario: str = TASK_IL, **asked: Any) -> RunResult:
        run = run_of(method, scenario, **asked)
        if run.id not in made:
            made[run.id] = trained(run)
        return made[run.id]

    return of


def accuracy(rows: pd.DataFrame, after: int, task: int, rule: str = "") -> float:
    """On a task by a rule; with the task label, by none."""
    at = rows[(rows["metric"] == "accuracy") & (rows["rule"] == rule)]
    [value] = at[(at["after"] == after) & (at["task"] == task)]["value"]
    return float(value)


@every_method
def test_settings_explain_themselves_and_are_frozen(method: Method) -> None:
    made = method()
    for field in fields(method):
        assert field.metadata["help"]
        low, high = field.metadata["minimum"], field.metadata["maximum"]
        assert low is None or field.default is None or field.default >= low
        assert high is None or field.default is None or field.default <= high
        assert replace(made, **{field.name: field.default}) == made
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)


@every_method
def test_it_declares_itself(method: Method) -> None:
    assert methods()[method.name] is method
    assert method.title
    assert method.reference
    assert method.__doc__


@every_method
def test_it_learns_the_last_task(method: Method, outcome: Outcome) -> None:
    rows = outcome(method, settings=WEAKENED.get(method.name)).rows
    assert accuracy(rows, 3, 3) > 0.9


@pytest.mark.parametrize("scenario", [TASK_IL, CLASS_IL])
@labelled_method
def test_it_is_measured_in_its_scenario_alone(
    method: Method, scenario: str, outcome: Outcome
) -> None:
    rows = outcome(method, scenario).rows
    last = rows[(rows["metric"] == "accuracy") & (rows["after"] == 3)]
    assert set(last["scenario"]) == {scenario}
    assert (last["rule"] == "").all() == (scenario == TASK_IL)
    assert set(last["task"]) == {1, 2, 3}
    if scenario == CLASS_IL:
        assert method().default_rule in {"", *last["rule"]}
        assert (CLASSES_SEEN in set(last["rule"])) == (not method.rule)


@pytest.mark.parametrize(
    ("scenario", "outputs", "norm"),
    [
        (TASK_IL, "own", "per-task"),
        (TASK_IL, "own", "none"),
        (TASK_IL, "heads", "per-task"),
        (TASK_IL, "heads", "group"),
        (TASK_IL, "shared", "shared"),
        (CLASS_IL, "own", "per-task"),
        (CLASS_IL, "own", "shared"),
        (DOMAIN_IL, "shared", "none"),
        (DOMAIN_IL, "shared", "group"),
    ],
)
@unrouted_method
def test_it_learns_in_every_scenario_with_any_norm_and_outputs(
    method: Method, scenario: str, outputs: str, norm: str, outcome: Outcome
) -> None:
    asked = {**SHORT, "outputs": outputs, "norm": norm}
    if norm == "per-task" and scenario == CLASS_IL and not method.rule:
        with pytest.raises(SettingError, match="needs the task identity"):
            run_of(method, scenario, **asked)
        return
    asked["settings"] = WEAKENED.get(method.name, {})
    if norm == "none" and method.name in PATIENT:
        asked["epochs"] = PATIENT[method.name]
    rows = outcome(method, scenario, **asked).rows
    learned = 2 if Requirement.ALL_TASKS_AT_ONCE in method.requirements else 1
    rule = "" if scenario == TASK_IL else method.rule or CLASSES_SEEN
    assert accuracy(rows, learned, 1, rule) > 0.9
    if method.rule:  # it has learned the task the same, and must not be asked which one it is
        rows, rule = outcome(method, TASK_IL, **asked).rows, ""
    assert accuracy(rows, 2, 2, rule) > (0.75 if norm == "none" else 0.85)


@pytest.mark.parametrize("norm", ["none", "group"])
@every_method
def test_no_batch_norm_is_in_any_network_where_none_was_asked_for(
    method: Method, norm: Literal["none", "group"], context: Context, stream: Stream
) -> None:
    """Nor any where normalisation is by groups."""
    backbones = Backbones("mlp", 10, seed=0, device=context.device, norm=norm)
    strategy = method().build(replace(context, network=backbones, norm=norm))
    if method.supervision is not Supervision.NONE:
        strategy.train(list(stream.experiences[:1]), reset_optimizer_state=True)
    kinds = {type(module) for module in strategy.model.modules()}
    assert not any("BatchNorm" in kind.__name__ for kind in kinds)
    assert (nn.LayerNorm in kinds) == (norm == "group")


@every_method
def test_the_same_run_gives_the_same_rows(method: Method, outcome: Outcome) -> None:
    asked = SHORTEST if method in LABELLED else {}
    first, again = outcome(method, **asked).rows, trained(run_of(method, **asked)).rows
    timed = first["metric"].str.endswith("_seconds")
    assert again[~timed].equals(first[~timed])


@every_method
def test_what_it_declares_is_what_is_seen(method: Method, outcome: Outcome) -> None:
    rows = outcome(method, CLASS_IL).rows
    measured = set(rows["metric"])
    requirements = method.requirements
    assert ("inferred_as" in measured) == (
        Requirement.TASK_IDENTITY in requirements or method.supervision is Supervision.NONE
    )
    assert set(rows.loc[rows["after"] > 0, "after"]) == (
        {3} if Requirement.ALL_TASKS_AT_ONCE in requirements else {1, 2, 3}
    )
    most = rows.groupby("metric")["value"].max()
    assert (most["stored_examples"] > 0) == (Requirement.REPLAY in requirements)
    assert (most["other_networks"] > 0) == (Requirement.SEVERAL_MODELS in requirements)
    assert (most["generators"] > 0) == (Requirement.GENERATIVE_REPLAY in requirements)
    assert most["output_layers"] == 1  # own outputs are in one layer


@every_method
def test_forgetting_is_zero_where_weights_are_protected(method: Method, outcome: Outcome) -> None:
    if (method.tuning_source or method.name) not in ("rmn", "single", "hat", "rmn_unsupervised"):
        pytest.skip("it may forget")
    rows = outcome(method).rows
    # HAT's attention is not quite binary; who must notice a switch learns on for some batches
    tolerance = 0 if (method.tuning_source or method.name) in ("rmn", "single") else 0.02
    for task in (1, 2):
        learned = accuracy(rows, task, task)
        final = accuracy(rows, 3, task)
        assert final == pytest.approx(learned, abs=tolerance)


@every_method
def test_abilities_have_their_shapes(method: Method, context: Context, stream: Stream) -> None:
    if Requirement.ALL_TASKS_AT_ONCE in method.requirements:
        pytest.skip("it is trained once")
    strategy = method().build(context)
    assert isinstance(strategy, SupervisedTemplate)
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)
    strategy.model.eval()
    x = stream.test[0].inputs()[:5]
    logits = avalanche_forward(strategy.model, x, torch.zeros(5, dtype=torch.long))
    assert logits.shape == (5, 10)
    assert logits.isfinite().all()
    learned = len(strategy.switches) if isinstance(strategy, DetectsTasks) else 2
    if isinstance(strategy, InfersTask):
        assert strategy.logits_per_task(x).shape == (learned, 5, 10)
    if isinstance(strategy, HasFingerprints):
        alone = torch.stack([strategy.logits_of_task(x, task) for task in range(learned)])
        assert torch.equal(alone, strategy.logits_per_task(x))
        assert len({strategy.fingerprint(task) for task in range(learned)}) == learned
    if isinstance(strategy, InfersTaskInOneShot):
        inferred = strategy.infer_task_in_one_shot(x)
        assert inferred.shape == (5,)
        assert set(inferred.tolist()) <= set(range(learned))
    if isinstance(strategy, HasMasks):
        for mask in strategy.masks().values():
            assert mask.dtype == torch.bool
            assert mask.shape[0] == learned


@pytest.mark.parametrize("name", ["rmn_plus", "hat_plus", "single_plus"])
def test_a_router_is_a_rule_and_its_costs_are_measured(name: str, outcome: Outcome) -> None:
    method = methods()[name]
    rows = outcome(method, CLASS_IL).rows
    rule = method().default_rule
    assert accuracy(rows, 3, 1, rule) > 0.5
    alone = rows[(rows["rule"] == rule + ALONE) & (rows["after"] == 3)]
    assert len(alone) == 3
    costs = rows[rows["rule"] == rule].groupby("metric")["value"].last()
    assert costs["router_bytes"] > 0
    assert costs["router_seconds"] > 0


def test_names_and_settings_are_known_without_torch() -> None:
    script = (
        "import sys; from baselines.registry import methods; assert 'rmn' in methods();"
        "assert not {'torch', 'avalanche'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


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


def test_online_ewc_runs(context: Context, stream: Stream) -> None:
    strategy = EWC(mode="online", decay_factor=0.9).build(context)
    for experience in stream.experiences[:2]:
        strategy.train(experience, reset_optimizer_state=True)


def test_benchmark_is_the_one_that_is_measured() -> None:
    assert BENCHMARKS["split_mnist"].first(TRAINING.tasks).tasks == 3


@pytest.mark.parametrize("name", LEAVING_OLD_HEADS_ALONE)
def test_a_head_per_task_is_learned_and_old_ones_are_left_alone(
    name: str, context: Context, stream: Stream
) -> None:
    method = methods()[name]
    torch.manual_seed(0)
    strategy = method(**WEAKENED.get(name, {})).build(replace(context, head="per-task"))
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
