"""The benchmarks in the settings of publications."""

from __future__ import annotations

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.plan import default_methods
from harness.config.resolution import resolve
from harness.config.scenarios import allowed_scenarios, scenarios_of, under_scenario
from harness.config.tuned_settings import best_known

ANCHORS = [one for one in BENCHMARKS.values() if one.methods]


def test_the_anchors_are_these() -> None:
    assert [one.name for one in ANCHORS] == [
        *("split_mnist_hsu", "permuted_mnist_vandeven"),
        *("permuted_mnist_wsn", "permuted_mnist_wsn_ewc"),
        "permuted_mnist_wsn_masks",
        "split_mnist_rwalk",
        *("split_mnist_mammoth", "split_mnist_mammoth_agem"),
        *("split_mnist_vcl", "permuted_mnist_vcl"),
        *("split_mnist_fromp", "permuted_mnist_fromp"),
        *("split_mnist_frcl", "permuted_mnist_frcl"),
        "split_mnist_cndpm",
    ]


@pytest.mark.parametrize("benchmark", ANCHORS, ids=lambda one: one.name)
def test_methods_take_the_strengths_of_the_publication(benchmark: Benchmark) -> None:
    assert set(benchmark.settings) == set(scenarios_of(benchmark))
    for scenario, of_methods in benchmark.settings.items():
        assert set(of_methods) <= set(benchmark.methods)
        for name, settings in of_methods.items():
            method = methods()[name]
            best = best_known(benchmark, scenario, "none", "default", method)
            assert best == settings
            assert resolve(method, best, {}).values.items() >= settings.items()
            assert not resolve(method, best, {}).overrides


@pytest.mark.parametrize("benchmark", ANCHORS, ids=lambda one: one.name)
def test_the_publications_have_no_batchnorm_and_heads_where_the_task_is_given(
    benchmark: Benchmark,
) -> None:
    assert set(scenarios_of(benchmark)) <= set(allowed_scenarios(benchmark))
    assert set(default_methods(benchmark, methods())) == set(benchmark.methods)
    for profile, budget in benchmark.budgets.items():
        assert not budget.decay
        if profile not in ("smoke", "tuning", "ablation"):
            assert budget == benchmark.budgets["default"]
        for scenario in scenarios_of(benchmark):
            decided = under_scenario(benchmark, scenario, methods()["naive"], budget)
            assert decided.norm == "none"
            assert (decided.outputs == "heads") == (scenario == "task-il")


def test_a_benchmark_without_heads_has_none_unless_asked() -> None:
    benchmark = BENCHMARKS["split_mnist"]
    budget = benchmark.budgets["default"]
    assert under_scenario(benchmark, "task-il", methods()["naive"], budget).outputs == "own"


def test_strengths_are_on_the_scale_of_our_methods() -> None:
    hsu = BENCHMARKS["split_mnist_hsu"].settings
    assert hsu["task-il"]["ewc"] == {"ewc_lambda": 2 * 100}  # published without the half
    assert hsu["domain-il"]["mas"] == {"lambda_reg": 10_000 / 2}  # over the mean of two outputs
    assert hsu["class-il"]["si"] == {"si_lambda": 600, "eps": 0.1}
