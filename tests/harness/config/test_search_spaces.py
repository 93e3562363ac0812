"""What tuning searches, and the runs of a trial."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from baselines.interface import Choices, Range
from baselines.registry import methods
from harness.cli import options
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TUNING
from harness.config.run import Run
from harness.config.search_spaces import FIRST_SEED, Search, given_spaces, search_space
from harness.config.settings import SettingError

TUNABLE = {name: methods()[name] for name in ("rmn", "ewc")}


def search(benchmark: str = "split_mnist", scenario: str = "task-il", **budget: Any) -> Search:
    stream = BENCHMARKS[benchmark]
    ewc = TUNABLE["ewc"]
    changed = replace(stream.budgets[TUNING], **budget)
    return Search(stream, scenario, ewc, changed, search_space(ewc), trials=12, seeds=3)


def made(number: int, benchmark: str = "split_mnist", scenario: str = "task-il") -> Run:
    return search(benchmark, scenario).run({"ewc_lambda": 50.0}, number)


def test_a_method_is_searched_where_its_declaration_says() -> None:
    assert set(search_space(methods()["hat"])) == {"lamb", "learning_rate"}
    assert search_space(methods()["ewc"]) == {"ewc_lambda": Range(10.0, 1e7)}
    assert search_space(methods()["naive"]) == {}


def test_a_run_of_a_trial_is_over_the_whole_stream_on_held_out_data() -> None:
    run = made(1)
    assert (run.baseline, run.scenario, run.profile) == ("ewc", "task-il", TUNING)
    assert run.settings["ewc_lambda"] == 50.0
    assert run.overrides == {"ewc_lambda": 50.0}
    assert run.training["validation"]
    assert run.training["tasks"] is None


def test_the_defaults_of_an_earlier_study_are_those_of_all_its_trials() -> None:
    then = {"ewc_lambda": 7.0, "mode": "online"}
    study = replace(search(), defaults=then)
    assert study.beginning == {"ewc_lambda": 7.0}
    run = study.run({"ewc_lambda": 50.0}, 0)
    assert run.settings == {**made(0).settings, "mode": "online"}
    assert run.overrides == {"ewc_lambda": 50.0}


def test_no_comparison_has_the_seeds_of_tuning_nor_their_orders_of_classes() -> None:
    reported = range(options.count(str(FIRST_SEED)))  # as many as a command takes, from 0
    with pytest.raises(Exception, match="not a whole number"):
        options.count(str(FIRST_SEED + 1))
    runs = [made(number) for number in range(3)]
    assert not {run.seed for run in runs} & set(reported)
    assert {run.training["class_order"] for run in runs} == {"seed"}
    stream, budget = BENCHMARKS["split_mnist"], search().training
    orders = {stream.under(budget, run.seed).classes for run in runs}
    assert len(orders | {stream.classes}) == 4


def test_tasks_that_share_their_classes_have_no_order_of_them() -> None:
    assert "class_order" not in made(0, "permuted_mnist").training


def test_the_scenario_decides_the_normalisation() -> None:
    assert search().training.norm == "per-task"
    assert search(scenario="class-il").training.norm == "shared"
    assert search(norm="none").training.norm == "none"


def test_spaces_are_read_by_method_and_setting() -> None:
    texts = ["rmn.beta=5..50", "ewc.ewc_lambda=1..1e6", "rmn.mapping_lr=0.01,none"]
    assert given_spaces(texts, TUNABLE) == {
        "rmn": {"beta": Range(5.0, 50.0), "mapping_lr": Choices((0.01, None))},
        "ewc": {"ewc_lambda": Range(1.0, 1e6)},
    }
    assert given_spaces([], TUNABLE) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rmn", r"write it as method.setting=low..high"),
        ("rmn=5..6", r"write it as method.setting=low..high"),
        ("rmn.beta", r"write it as method.setting=low..high"),
        ("rmm.beta=5..6", "did you mean 'rmn'"),
        ("naive.beta=5..6", "unknown method to tune 'naive'"),
        ("rmn.bet=5..6", "did you mean 'beta'"),
        ("rmn.beta=0..6", r"--search rmn\.beta: beta must be a number, at least 1, not '0'"),
        ("rmn.beta=5..", "beta must be a number"),
        ("rmn.beta=6..5", r"--search rmn\.beta: 6 to 5 is no range; give two numbers above 0"),
        ("ewc.ewc_lambda=0..5", "0 to 5 is no range; give two numbers above 0"),
        ("rmn.beta=5", "not two or more distinct values"),
        ("rmn.beta=5,5.0", "not two or more distinct values"),
        ("rmn.initialisation=normal,x", "initialisation must be"),
        ("rmn.initialisation=normal..uniform", "is no range of numbers; name values, with commas"),
        ("rmn.learn_beta=false..true", "is no range of numbers; name values, with commas"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        given_spaces([text], TUNABLE)


def test_a_value_that_is_not_allowed_is_named() -> None:
    with pytest.raises(SettingError, match=r"ewc\.ewc_lambda must be"):
        search().run({"ewc_lambda": -1.0}, 0)
