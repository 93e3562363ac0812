"""From a request to runs, and which methods suit which streams."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.interface import Baseline, Supervision, setting
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import default_methods, is_compatible, part, plan
from harness.config.resolution import Resolved, resolve
from harness.config.run import ROWS_VERSION, Run
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, TASK_IL, scenarios_of, under_scenario
from harness.config.settings import SettingError
from harness.config.tuned_settings import best_known
from harness.storage import store

RESULTS = Path(__file__).parents[3] / "results"
SPLIT_MNIST = BENCHMARKS["split_mnist"]


def make_plan(seeds: int, **given: str) -> list[Run]:
    known = {"rmn": methods()["rmn"]}
    settings = {TASK_IL: {"rmn": resolve(known["rmn"], {}, given)}}
    budget = SPLIT_MNIST.budgets["smoke"]
    return plan(SPLIT_MNIST, "smoke", budget, known, settings, range(seeds))


def test_a_plan_is_one_run_per_scenario_method_and_seed() -> None:
    chosen = {name: methods()[name] for name in ("rmn", "ewc")}
    settings = {
        TASK_IL: {name: resolve(method, {}, {}) for name, method in chosen.items()},
        CLASS_IL: {"ewc": resolve(chosen["ewc"], {}, {"ewc_lambda": "7"})},
    }
    budget = SPLIT_MNIST.budgets["smoke"]
    runs = plan(SPLIT_MNIST, "smoke", budget, chosen, settings, [3, 5])
    asked = [*product([TASK_IL], ["rmn", "ewc"], [3, 5]), *product([CLASS_IL], ["ewc"], [3, 5])]
    assert [(run.scenario, run.baseline, run.seed) for run in runs] == asked
    assert len({run.id for run in runs}) == 6
    for run in runs:
        decided = under_scenario(SPLIT_MNIST, run.scenario, chosen[run.baseline], budget)
        assert run.training == decided.identity()
        assert run.settings == settings[run.scenario][run.baseline].values
        version = methods()[run.baseline].version
        assert run.versions == {"benchmark": 1, "baseline": version, "rows": ROWS_VERSION}


def of_ewc(budget: TrainingBudget, *scenarios: str) -> list[Run]:
    ewc = methods()["ewc"]
    settings = {scenario: {"ewc": resolve(ewc, {}, {})} for scenario in scenarios}
    return plan(SPLIT_MNIST, "smoke", budget, {"ewc": ewc}, settings, [0])


def test_a_budget_that_a_scenario_does_not_allow_is_refused_before_any_run() -> None:
    asked = replace(SPLIT_MNIST.budgets["smoke"], norm="per-task")
    assert of_ewc(asked, TASK_IL)
    with pytest.raises(SettingError, match=r"training\.norm=per-task needs the task identity"):
        of_ewc(asked, TASK_IL, CLASS_IL)


def test_scenario_norm_and_outputs_make_other_runs() -> None:
    budget = SPLIT_MNIST.budgets["smoke"]
    asked = [
        budget,
        *(replace(budget, norm=norm) for norm in ("shared", "none", "group")),
        *(replace(budget, outputs=outputs) for outputs in ("heads", "shared")),
    ]
    ids = {run.id for one in asked for run in of_ewc(one, TASK_IL)}
    assert len(ids) == len(asked)
    assert len(ids | {run.id for run in of_ewc(budget, CLASS_IL, DOMAIN_IL)}) == len(asked) + 2
    named = replace(budget, norm="per-task", outputs="own")
    assert of_ewc(named, TASK_IL) == of_ewc(budget, TASK_IL)


def test_more_seeds_keep_the_earlier_runs() -> None:
    assert make_plan(5)[:2] == make_plan(2)
    assert [run.id for run in make_plan(5)[:2]] == [run.id for run in make_plan(2)]


def test_a_changed_setting_is_another_run_with_a_label() -> None:
    (changed,), (usual,) = make_plan(1, beta="60"), make_plan(1)
    assert changed.overrides == {"beta": 60.0}
    assert usual.overrides == {}
    assert changed.id != usual.id


@given(seeds=st.integers(0, 12), parts=st.integers(1, 15))
def test_every_run_belongs_to_one_of_the_parts(seeds: int, parts: int) -> None:
    runs = make_plan(seeds)
    shares = [part(runs, number, parts) for number in range(1, parts + 1)]
    assert sorted(run.seed for share in shares for run in share) == list(range(seeds))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("supervision", "with_labels", "without"),
    [
        (Supervision.NONE, False, True),
        (Supervision.TASK_BOUNDARIES, True, True),
        (Supervision.TASK_LABELS, True, False),
    ],
)
def test_methods_are_trained_on_streams_of_their_kind(
    supervision: Supervision, with_labels: bool, without: bool
) -> None:
    of_this_kind = [one for one in methods().values() if one.supervision is supervision]
    assert of_this_kind
    for method in of_this_kind:
        assert is_compatible(SPLIT_MNIST, method) is with_labels
        assert is_compatible(BENCHMARKS["split_mnist_unsupervised"], method) is without


@pytest.mark.parametrize(
    ("benchmark", "names"),
    [
        ("split_mnist", {"ewc", "hat", "joint", "mas", "naive", "rmn", "si", "single"}),
        ("permuted_mnist_unsupervised", {"joint", "naive", "rmn_unsupervised"}),
    ],
)
def test_a_benchmark_compares_the_methods_of_its_roles(benchmark: str, names: set[str]) -> None:
    assert set(default_methods(BENCHMARKS[benchmark], methods())) == names


@pytest.mark.parametrize("name", ["split_mnist", "split_fashion_mnist", "permuted_mnist"])
def test_committed_results_are_still_those_of_the_defaults(name: str) -> None:
    """No new field or default may orphan finished runs without anybody noticing."""
    benchmark = BENCHMARKS[name]
    chosen = {method: methods()[method] for method in default_methods(benchmark, methods())}
    budget = benchmark.budgets["default"]
    settings: dict[str, dict[str, Resolved]] = {}
    for scenario, (key, method) in product(scenarios_of(benchmark), chosen.items()):
        norm = under_scenario(benchmark, scenario, method, budget).norm
        best = best_known(benchmark, scenario, norm, "default", method)
        settings.setdefault(scenario, {})[key] = resolve(method, best, {})
    runs = plan(benchmark, "default", budget, chosen, settings, range(5))
    assert len(runs) == 80
    assert {store.status(RESULTS, run) for run in runs} == {"finished"}


@dataclass(frozen=True)
class Buffered(Baseline):
    """A method with a place for each task."""

    name: ClassVar[str] = "buffered"
    title: ClassVar[str] = "Buffered"
    reference: ClassVar[str] = "none"

    places: int = setting(200, "places, for a task each", minimum=1)

    def check_stream(self, tasks: int) -> None:
        if self.places < tasks:
            raise ValueError(f"too few places for {tasks} tasks")

    def build(self, context: Any) -> Any:
        return context


def test_settings_that_the_stream_does_not_allow_are_refused() -> None:
    """A buffer of fewer examples than tasks would fail at the task that finds no place."""
    omniglot = BENCHMARKS["split_omniglot"]
    budget = omniglot.budgets["smoke"]
    tasks = omniglot.under(budget).tasks
    settings = {TASK_IL: {"buffered": resolve(Buffered, {}, {"places": str(tasks - 1)})}}
    with pytest.raises(SettingError, match=f"^too few places for {tasks} tasks$"):
        plan(omniglot, "smoke", budget, {"buffered": Buffered}, settings, [0])
    settings = {TASK_IL: {"buffered": resolve(Buffered, {}, {"places": str(tasks)})}}
    assert plan(omniglot, "smoke", budget, {"buffered": Buffered}, settings, [0])
