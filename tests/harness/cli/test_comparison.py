"""From the command line of `harness.compare` to a checked request."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from baselines.ewc import EWC
from baselines.registry import methods
from harness.cli.comparison import ComparisonRequest, make_parser, read_comparison
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PROFILES, TrainingBudget
from harness.config.plan import default_methods
from harness.config.scenarios import SCENARIOS
from harness.config.settings import declared
from harness.config.tuned_settings import Choice
from harness.execution.local import LocalExecutor
from harness.tuning.choices import save_choices

SPLIT = ["--benchmark", "split_mnist"]


@pytest.fixture(autouse=True)
def no_data_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMN_DATA", raising=False)


def read(*words: str) -> ComparisonRequest:
    return read_comparison([*SPLIT, *words], {"commit": "abc"})


def test_a_bare_request_is_all_methods_that_suit_five_seeds_each() -> None:
    request = read()
    names = default_methods(BENCHMARKS["split_mnist"], methods())
    asked = [*product(("task-il", "class-il"), names, range(5))]
    assert [(run.scenario, run.baseline, run.seed) for run in request.runs] == asked
    assert request.profile == "default"
    assert isinstance(request.executor, LocalExecutor)
    assert request.budget == BENCHMARKS["split_mnist"].budgets["default"]
    assert request.config.origin == {"commit": "abc"}
    assert (request.config.results, request.reports) == (Path("results"), Path("reports"))
    assert (request.plan, request.retry_failed, request.report) == (False, False, True)


def test_settings_are_tuned_or_given_and_what_is_given_is_named() -> None:
    words = ["--methods", "ewc,naive", "--seeds", "1", "--set", "ewc.ewc_lambda=7"]
    words += ["--scenario", "task-il"]
    ewc, naive = read(*words, "--set", "training.epochs=3").runs
    assert ewc.settings["ewc_lambda"] == 7.0
    assert list(ewc.overrides.items()) == [("ewc_lambda", 7.0), ("training.epochs", 3)]
    assert naive.overrides == {"training.epochs": 3}
    assert ewc.training["epochs"] == naive.training["epochs"] == 3


def test_tuned_settings_are_those_of_each_scenario(tmp_path: Path) -> None:
    chosen = [
        Choice("task-il", "per-task", "ewc", {"ewc_lambda": 3.0}),
        Choice("class-il", "shared", "ewc", {"ewc_lambda": 5.0}),
    ]
    save_choices("split_mnist", chosen, tmp_path)
    words = ["--methods", "ewc", "--seeds", "1", "--tuned", str(tmp_path)]
    runs = read(*words, "--scenario", "class-il,task-il").runs
    assert [(run.scenario, run.settings["ewc_lambda"]) for run in runs] == [
        ("class-il", 5.0),
        ("task-il", 3.0),
    ]
    assert all(run.overrides == {} for run in runs)
    request = read(*words, "--scenario", "task-il", "--set", "training.norm=none")
    assert request.runs[0].settings["ewc_lambda"] == EWC.ewc_lambda
    assert request.untuned == ["ewc in task-il"]
    both = read("--methods", "ewc,si,naive", "--scenario", "task-il", "--tuned", str(tmp_path))
    assert both.untuned == ["si in task-il"]
    assert read("--methods", "ewc,si,naive").untuned == []


def test_a_number_of_threads_makes_other_runs_but_for_one() -> None:
    """Their sums are in another order: they must not be averaged with those of one thread."""
    words = ["--methods", "ewc", "--seeds", "1", "--scenario", "task-il"]
    usual, one = read(*words), read(*words, "--threads", "1")
    assert usual.runs == one.runs
    two, same = read(*words, "--threads", "2"), read(*words, "--set", "training.threads=2")
    assert two.runs == same.runs
    assert two.config.threads == same.config.threads == 2
    [run], [before] = two.runs, usual.runs
    assert run.id != before.id
    assert run.overrides == {"training.threads": 2}
    with pytest.raises(SystemExit):
        read(*words, "--threads", "2", "--set", "training.threads=3")


def test_scenarios_are_chosen_in_the_order_given() -> None:
    words = ["--methods", "naive", "--seeds", "1"]
    request = read("--scenario", "class-il,domain-il,class-il", *words)
    assert [run.scenario for run in request.runs] == ["class-il", "domain-il"]
    assert [run.training["outputs"] for run in request.runs] == ["own", "shared"]
    permuted = read_comparison(["--benchmark", "permuted_mnist", *words], {})
    assert [run.scenario for run in permuted.runs] == ["task-il", "domain-il"]
    fuzzy = read_comparison(["--benchmark", "split_mnist_fuzzy", *words], {})
    assert [run.scenario for run in fuzzy.runs] == ["class-il"]


def test_norm_and_outputs_are_asked_for_as_any_other_setting_of_the_budget() -> None:
    words = ["--methods", "naive", "--seeds", "1", "--set", "training.norm=none"]
    [run] = read(*words, "--set", "training.outputs=heads", "--scenario", "task-il").runs
    assert (run.training["norm"], run.training["outputs"]) == ("none", "heads")
    assert run.overrides == {"training.norm": "none", "training.outputs": "heads"}


def test_parts_share_the_runs_and_make_no_report() -> None:
    whole = read("--methods", "ewc,naive", "--seeds", "3")
    parts = [
        read("--methods", "ewc,naive", "--seeds", "3", "--part", f"{k}/4") for k in range(1, 5)
    ]
    shared = [run.id for part in parts for run in part.runs]
    assert sorted(shared) == sorted(run.id for run in whole.runs)
    assert whole.report
    assert not any(part.report for part in parts)
    assert not read("--no-report").report


def test_the_executor_decides_how_many_runs_there_are_at_a_time_unless_told() -> None:
    config = read("--threads", "3").config
    assert (config.jobs, config.threads) == (None, 3)
    assert read("--jobs", "4").config.jobs == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--benchmark"),
        (["--benchmark", "split_mnst"], "did you mean 'split_mnist'?"),
        ([*SPLIT, "--methods", "rnm"], "did you mean 'rmn'?"),
        ([*SPLIT, "--methods", ","], "names no method"),
        ([*SPLIT, "--methods", "rmn_unsupervised"], "is for streams without task labels"),
        ([*SPLIT, "--profile", "papers"], "did you mean 'paper'?"),
        ([*SPLIT, "--columns", "bvt"], "did you mean 'bwt'?"),
        ([*SPLIT, "--settings", "betta"], "did you mean 'beta'?"),
        ([*SPLIT, "--seeds", "0"], "'0' is not a whole number from 1 to 10000"),
        ([*SPLIT, "--seeds", "1000000000"], "not a whole number from 1 to 10000"),
        ([*SPLIT, "--set", "training.tasks=9"], "has 5 tasks; training.tasks is 9"),
        ([*SPLIT, "--set", "training.batch_size=1"], "at least 2"),
        ([*SPLIT, "--jobs", "two"], "'two' is not a whole number from 1 to 10000"),
        ([*SPLIT, "--part", "5/4"], "'5/4' is not K/N with K from 1 to N"),
        ([*SPLIT, "--device", "tpu"], "'cpu'"),
        ([*SPLIT, "--executor", "cluster"], "'local'"),
        ([*SPLIT, "--gpus-per-run", "0.5"], "--gpus-per-run is for --executor ray; add that"),
        ([*SPLIT, "--executor", "ray", "--gpus-per-run", "1.5"], "write 0.25"),
        ([*SPLIT, "--executor", "slurm", "--slurm-time", "soon"], "write 90 for minutes"),
        ([*SPLIT, "--sets", "rmn.beta=1"], "did you mean '--set'?"),
        ([*SPLIT, "--set", "rmn.betta=60"], "did you mean 'beta'?"),
        ([*SPLIT, "--set", "rmm.beta=60"], "did you mean 'rmn'?"),
        ([*SPLIT, "--set", "rmn.beta"], "METHOD.SETTING=VALUE"),
        ([*SPLIT, "--set", "ewc_lambda=3"], "did you mean ewc.ewc_lambda=3?"),
        ([*SPLIT, "--set", "rmn.beta=tight"], "rmn.beta must be a number, at least 1, not 'tight'"),
        ([*SPLIT, "--set", "rmn.beta=0.5"], "rmn.beta must be a number, at least 1, not '0.5'"),
        ([*SPLIT, "--set", "rmn.initialisation=none"], "normal or skewed_normal or uniform"),
        ([*SPLIT, "--set", "training.norm=batch"], "training.norm must be "),
        ([*SPLIT, "--set", "training.norm=per-task"], "choose shared, none or group"),
        ([*SPLIT, "--set", "training.outputs=heads"], "in class-il; choose own"),
        ([*SPLIT, "--scenario", "task"], "did you mean 'task-il'?"),
        ([*SPLIT, "--scenario", ""], "--scenario names no scenario"),
        (
            ["--benchmark", "permuted_mnist", "--scenario", "class-il"],
            "permuted_mnist cannot be compared in class-il; try --scenario task-il or domain-il",
        ),
        (
            ["--benchmark", "split_mnist_fuzzy", "--scenario", "task-il"],
            "split_mnist_fuzzy cannot be compared in task-il; try --scenario class-il",
        ),
        ([*SPLIT, "--methods", "naive", "--set", "rmn.beta=60"], "rmn is not among --methods"),
        ([*SPLIT, "--data", "/nowhere"], "--data: /nowhere/mnist.npz is missing"),
        (
            [*SPLIT, "--tuned", "/nowhere"],
            "--tuned: there is no folder /nowhere; make it by python",
        ),
        ([*SPLIT, "--results", "/dev/null/x"], "--results: /dev/null is a file"),
        ([*SPLIT, "--reports", "/dev/null/x"], "--reports: /dev/null is a file"),
        (
            ["--benchmark", "split_mnist_fuzzy", "--set", "training.decay=true"],
            "no learning rate can be lowered within a task; leave out training.decay",
        ),
        (
            ["--benchmark", "permuted_mnist", "--set", "training.class_order=1"],
            "permuted_mnist has all classes; leave out class_order",
        ),
    ],
)
def test_a_wrong_argument_says_what_to_type(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        read_comparison(words, {})
    assert refused.value.code == 2
    assert message in capsys.readouterr().err


def test_help_names_every_benchmark_scenario_profile_method_and_setting() -> None:
    text = make_parser(methods()).format_help()
    for name in SCENARIOS:
        assert f"{name}: " in text
    for name in (*BENCHMARKS, *PROFILES, *methods()):
        assert f"\n  {name}: " in text
    for name in declared(TrainingBudget):
        assert f"\n    training.{name}  " in text
    for name, method in methods().items():
        for setting in declared(method).values():
            assert f"\n    {name}.{setting.name}={setting.default}  {setting.help}" in text


def test_a_folder_that_is_left_out_is_missed_by_the_command_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        read("--results")
    assert "usage: python -m harness.compare [OPTION" in capsys.readouterr().err
