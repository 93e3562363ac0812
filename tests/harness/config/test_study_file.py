"""A file of a study is read as it is meant, or refused with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.interface import Choices, Range
from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.search_spaces import FIRST_SEED
from harness.config.settings import SettingError
from harness.config.study_file import StudyPlan, read_study

WHOLE = """
benchmark = "permuted_mnist"
method = "ewc"
scenario = "domain-il"
sampler = "random"
trials = 30
seeds = 2
stop = "asha"

[search]
"ewc.ewc_lambda" = { low = 1.0, high = 1e6 }
"training.learning_rate" = [0.001, 0.002]

[set]
"training.epochs" = 1
"""

SHORT = """
benchmark = "split_mnist"
method = "ewc"
[search]
"ewc.ewc_lambda" = [1, 10.0]
"""


def read(path: Path, text: str) -> StudyPlan:
    path.write_text(text)
    return read_study(path, benchmarks(), methods())


def test_everything_is_read(tmp_path: Path) -> None:
    plan = read(tmp_path / "mine.toml", WHOLE)
    assert (plan.name, plan.benchmark.name, plan.method.name) == ("mine", "permuted_mnist", "ewc")
    assert (plan.scenario, plan.sampler, plan.trials, plan.seeds) == ("domain-il", "random", 30, 2)
    assert plan.space == {
        "ewc.ewc_lambda": Range(1.0, 1e6),
        "training.learning_rate": Choices((0.001, 0.002)),
    }
    assert plan.budget.epochs == 1
    assert plan.budget.validation
    assert plan.rungs == (2, 6, 10)


def test_what_is_left_out_has_defaults(tmp_path: Path) -> None:
    plan = read(tmp_path / "mine.toml", SHORT)
    assert (plan.scenario, plan.sampler, plan.trials, plan.seeds) == ("task-il", "tpe", 20, 1)
    assert plan.rungs == (5,)


def test_a_run_has_the_settings_of_its_trial_and_a_seed_of_its_own(tmp_path: Path) -> None:
    plan = read(tmp_path / "mine.toml", WHOLE)
    settings = {"ewc.ewc_lambda": 30.0, "training.learning_rate": 0.001}
    run, short = (plan.run(settings, 1, tasks) for tasks in (10, 2))
    assert run.settings["ewc_lambda"] == 30.0
    assert run.training["learning_rate"] == 0.001
    assert run.training["epochs"] == 1
    assert (run.profile, run.seed) == ("tuning", FIRST_SEED + 1)
    assert (run.training["tasks"], short.training["tasks"]) == (None, 2)


def test_a_grid_has_every_combination(tmp_path: Path) -> None:
    text = SHORT.replace("[search]", 'sampler = "grid"\n[search]\n"training.decay" = [true, false]')
    plan = read(tmp_path / "mine.toml", text)
    assert plan.trials == 4
    assert plan.grid() == [
        {"training.decay": decay, "ewc.ewc_lambda": strength}
        for decay in (True, False)
        for strength in (1.0, 10.0)
    ]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('benchmark = "split_mnist"', "", "benchmark is missing"),
        ("split_mnist", "split_mnits", "unknown benchmark 'split_mnits'; did you mean"),
        ('"ewc"\n', '"ecw"\n', "unknown method 'ecw'"),
        ('"ewc"\n', '"rmn_unsupervised"\n', "cannot be trained on split_mnist"),
        ("[search]", 'scenario = "class"\n[search]', "unknown scenario 'class'"),
        ("[search]", 'sampler = "bayes"\n[search]', "unknown sampler 'bayes'"),
        ("[search]", 'stop = "median"\n[search]', "unknown value of stop 'median'"),
        ("[search]", "trials = 0\n[search]", "trials is 0; write a whole number"),
        ("[search]", "trails = 3\n[search]", "unknown key 'trails'; did you mean 'trials'"),
        ("ewc.ewc_lambda", "ewc.lambda", "unknown setting 'ewc.lambda'"),
        ("ewc.ewc_lambda", "training.tasks", "unknown setting 'training.tasks'"),
        ("[1, 10.0]", "[1]", "ewc.ewc_lambda: [1.0] are not two or more distinct values"),
        ("[1, 10.0]", '["much"]', "must be a number"),
        ("[1, 10.0]", "3", "write a list of values, or { low = 1.0, high = 100.0 }"),
        ("[1, 10.0]", "{ low = 5.0, high = 1.0 }", "ewc.ewc_lambda: 5 to 1 is no range"),
        ("[search]", '[set]\n"training.epoch" = 1\n[search]', "unknown setting 'training.epoch'"),
        ("[search]", '[set]\n"training.validation" = false\n[search]', "never sees test data"),
        ("[search]", "[search", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(before: str, after: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"mine\.toml") as refused:
        read(tmp_path / "mine.toml", SHORT.replace(before, after))
    assert message in str(refused.value)


THREADS = SHORT + '[set]\n"training.threads" = 2\n'


@pytest.mark.parametrize(("text", "threads"), [(SHORT, 2), (THREADS, None), (THREADS, 2)])
def test_threads_are_of_every_run(text: str, threads: int | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    plan = read_study(path, benchmarks(), methods(), threads)
    assert plan.budget.threads == 2
    assert plan.run({}, 0, 5).training["threads"] == 2


def test_two_numbers_of_threads_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(THREADS)
    with pytest.raises(SettingError, match=r"--threads and training\.threads differ"):
        read_study(path, benchmarks(), methods(), 4)


def test_a_trial_is_refused_what_its_stream_cannot_have(tmp_path: Path) -> None:
    text = SHORT.replace('"ewc.ewc_lambda" = [1, 10.0]', '"training.decay" = [false, true]')
    text = text.replace('"split_mnist"', '"split_mnist_unsupervised"')
    plan = read(tmp_path / "mine.toml", text.replace('"ewc"', '"rmn_unsupervised"'))
    with pytest.raises(SettingError, match="has no task boundaries"):
        plan.run({"training.decay": True}, 0, 5)


def test_a_grid_of_a_range_is_refused(tmp_path: Path) -> None:
    text = WHOLE.replace("random", "grid")
    with pytest.raises(SettingError, match="grid needs a list of values for each setting"):
        read(tmp_path / "mine.toml", text)
