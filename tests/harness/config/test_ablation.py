"""What the ablation varies: one thing at a time, against the same default."""

from __future__ import annotations

import pytest

from baselines.registry import methods
from harness.config.ablation import ABLATED, FACTORS, RELATED, Factor, ablation_runs
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import CLASS_IL, TASK_IL

every_factor = pytest.mark.parametrize("factor", FACTORS.values(), ids=FACTORS)


@every_factor
def test_the_first_variant_is_the_default_and_titles_tell_variants_apart(factor: Factor) -> None:
    first, *others = factor.variants
    assert not first.training
    if first.method == "rmn":
        assert not first.settings
    assert others
    assert len({variant.title for variant in factor.variants}) == len(factor.variants)
    assert {variant.method for variant in factor.variants} == {first.method}


@every_factor
@pytest.mark.parametrize("name", ABLATED)
def test_variants_are_runs_that_differ_by_what_they_say(factor: Factor, name: str) -> None:
    runs = list(ablation_runs(BENCHMARKS[name], [factor], methods(), [0, 1]))
    if name not in factor.benchmarks:
        assert runs == []
        return
    assert [(one.variant, one.run.seed) for one in runs] == [
        (variant.title, seed) for variant in factor.variants for seed in (0, 1)
    ]
    assert len({one.run.id for one in runs}) == len(runs)
    assert {one.run.profile for one in runs} == {"ablation"}
    default = runs[0].run
    for one, variant in zip(runs[::2], factor.variants, strict=True):
        changed = {
            key
            for key in {**one.run.settings, **default.settings}
            if one.run.settings.get(key) != default.settings.get(key)
        }
        assert changed <= set(variant.settings)
        budget = {
            key for key, value in one.run.training.items() if default.training.get(key) != value
        }
        assert budget == set(variant.training)


def test_factors_share_the_runs_of_the_default() -> None:
    given = [factor for factor in FACTORS.values() if factor.identity]
    runs = list(ablation_runs(BENCHMARKS["split_mnist"], given, methods(), [0]))
    distinct = {one.run.id for one in runs}
    assert len(runs) - len(distinct) == len(given) - 1
    assert {one.run.scenario for one in runs} == {TASK_IL}


def test_without_the_identity_classes_are_told_among_all_seen() -> None:
    [run, *_] = ablation_runs(BENCHMARKS["split_mnist"], [FACTORS["noise"]], methods(), [0])
    assert run.run.scenario == CLASS_IL


def test_related_tasks_begin_with_one_that_comes_again() -> None:
    benchmark = BENCHMARKS[RELATED]
    assert len(benchmark.pixel_orders) == len(benchmark.rotations) == benchmark.tasks
    tasks = list(zip(benchmark.pixel_orders, benchmark.rotations, strict=True))
    assert tasks.count(tasks[0]) == 2
    assert benchmark.first(3).pixel_orders == benchmark.pixel_orders[:3]
