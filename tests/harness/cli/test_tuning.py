"""From the command line of `harness.tune` to a checked request."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from baselines.interface import Choices, Range
from baselines.registry import methods
from harness.cli.tuning import TuningRequest, read_tuning
from harness.config.search_spaces import search_space
from harness.config.tuned_settings import TUNED
from harness.execution.local import LocalExecutor
from harness.execution.ray import RayExecutor

SPLIT = ["--benchmark", "split_mnist"]
BOTH = [*SPLIT, "--methods", "rmn,ewc"]


@pytest.fixture(autouse=True)
def no_data_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMN_DATA", raising=False)


def read(*words: str) -> TuningRequest:
    return read_tuning(words, {"commit": "abc"}, "Tune.")


def test_every_method_with_something_to_search_is_tuned_alike_in_every_scenario() -> None:
    request = read(*SPLIT)
    searched = [(search.scenario, search.method.name) for search in request.searches]
    names = ("ewc", "hat", "mas", "rmn", "si")  # HAT+ takes the choice of HAT
    assert searched == [*product(("task-il", "class-il"), names)]
    assert {(search.trials, search.seeds) for search in request.searches} == {(12, 3)}
    for search in request.searches:
        assert search.space == search_space(search.method)
    assert request.config.origin == {"commit": "abc"}


def test_choices_never_go_into_the_package_unless_they_are_told_to(tmp_path: Path) -> None:
    assert read(*SPLIT).output == Path("tuned")
    assert read(*SPLIT, "--output", str(tmp_path)).output == tmp_path
    assert read(*SPLIT).output.resolve() != TUNED


def test_only_methods_that_suit_the_stream_are_tuned() -> None:
    searches = read("--benchmark", "split_mnist_unsupervised").searches
    assert {search.method.name for search in searches} >= {"ewc", "mas", "si"}
    assert not {"rmn", "hat"} & {search.method.name for search in searches}
    assert {search.scenario for search in searches} == {"class-il"}


def test_a_given_space_replaces_the_methods_own() -> None:
    words = ["--search", "rmn.beta=20..30", "--search", "rmn.initialisation=normal,uniform"]
    request = read(*BOTH, *words, "--scenario", "task-il")
    rmn, ewc = request.searches
    assert rmn.space == {"beta": Range(20, 30), "initialisation": Choices(("normal", "uniform"))}
    assert ewc.space == search_space(methods()["ewc"])


def test_all_get_as_many_trials_seeds_and_the_same_budget() -> None:
    words = ["--trials", "20", "--seeds", "5", "--set", "training.norm=none"]
    searches = read(*BOTH, *words).searches
    assert {(search.trials, search.seeds) for search in searches} == {(20, 5)}
    assert {search.training.norm for search in searches} == {"none"}


def test_the_executor_is_the_one_that_was_named_with_its_options() -> None:
    request = read(*SPLIT, "--threads", "3", "--executor", "ray", "--gpus-per-run", "0.5")
    assert isinstance(request.executor, RayExecutor)
    assert (request.config.jobs, request.config.threads) == (None, 3)
    assert {search.budget.threads for search in request.searches} == {3}
    assert isinstance(read(*SPLIT).executor, LocalExecutor)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*BOTH, "--search", "rmn"], "write it as"),
        ([*BOTH, "--search", "rmm.beta=5..6"], "did you mean 'rmn'?"),
        ([*BOTH, "--search", "rmn.bet=5..6"], "did you mean 'beta'?"),
        ([*BOTH, "--search", "rmn.beta=0..9"], "beta must be a number, at least 1, not '0'"),
        (["--benchmark", "split_mnst"], "did you mean 'split_mnist'?"),
        ([*SPLIT, "--scenario", "domain"], "did you mean 'domain-il'?"),
        ([*SPLIT, "--methods", "ecw"], "did you mean 'ewc'?"),
        ([*SPLIT, "--methods", "hat_plus"], "did you mean 'hat'?"),
        ([*SPLIT, "--methods", "naive"], "unknown method with settings to search 'naive'"),
        (["--benchmark", "split_mnist_unsupervised", "--methods", "rmn"], "rmn needs task labels"),
        ([*SPLIT, "--seeds", "0"], "'0' is not a whole number"),
        ([*SPLIT, "--trials", "0"], "'0' is not a whole number"),
        ([*SPLIT, "--jobs", "-1"], "'-1' is not a whole number"),
        ([*SPLIT, "--set", "ewc.ewc_lambda=1"], "unknown method 'ewc'"),
        ([*SPLIT, "--set", "training.tasks=9"], "has 5 tasks; training.tasks is 9"),
        ([*SPLIT, "--set", "training.validation=false"], "a search never sees test data"),
        ([*SPLIT, "--set", "training.class_order=3"], "draws its own order of the classes"),
        ([*SPLIT, "--set", "training.norm=per-task"], "choose shared, none or group"),
        ([*SPLIT, "--threads", "2", "--set", "training.threads=3"], "give one of them"),
        ([*SPLIT, "--results", "/dev/null/x"], "--results: /dev/null is a file"),
        ([*SPLIT, "--output", "/dev/null/x"], "--output: /dev/null is a file"),
    ],
)
def test_a_wrong_argument_says_what_to_type(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        read(*words)
    assert refused.value.code == 2
    assert message in capsys.readouterr().err


def test_a_missing_data_set_is_named_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RMN_DATA", str(tmp_path))
    with pytest.raises(SystemExit):
        read("--benchmark", "split_cifar100", "--methods", "rmn")
    assert "cifar100.npz is missing" in capsys.readouterr().err


def test_a_damaged_file_of_choices_is_found_before_hours_of_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "split_mnist.json").write_text("{")
    with pytest.raises(SystemExit):
        read(*SPLIT, "--output", str(tmp_path))
    assert "split_mnist.json of the tuned settings is damaged" in capsys.readouterr().err
