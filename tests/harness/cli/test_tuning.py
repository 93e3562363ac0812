"""From the command line of `harness.tune` to a checked request."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.tuning import TuningRequest, read_tuning
from harness.execution.local import LocalExecutor
from harness.execution.ray import RayExecutor

SPLIT = ["--benchmark", "split_mnist"]
BOTH = [*SPLIT, "--methods", "rmn,ewc"]


@pytest.fixture(autouse=True)
def no_data_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMN_DATA", raising=False)


def read(*words: str) -> TuningRequest:
    return read_tuning(words, {"commit": "abc"}, "Tune.")


def test_every_method_with_a_grid_of_its_own_is_tuned_with_two_seeds() -> None:
    request = read(*SPLIT)
    assert set(request.grids) == {"ewc", "hat", "mas", "rmn", "si"}  # plus takes another's choice
    ewc = [run for run in request.runs if run.baseline == "ewc"]
    assert len(ewc) == 7 * 2
    assert {run.settings["ewc_lambda"] for run in ewc} == set(request.grids["ewc"]["ewc_lambda"])
    assert len({run.id for run in request.runs}) == len(request.runs)
    assert {run.profile for run in request.runs} == {"tuning"}
    assert request.config.origin == {"commit": "abc"}


def test_only_methods_that_suit_the_stream_are_tuned() -> None:
    assert set(read("--benchmark", "split_mnist_unsupervised").grids) == {"ewc", "mas", "si"}


def test_a_given_grid_replaces_the_methods_own() -> None:
    request = read(*BOTH, "--grid", "rmn.beta=20,30", "--grid", "rmn.spread=0.1", "--seeds", "1")
    assert request.grids["rmn"] == {"beta": ("20", "30"), "spread": ("0.1",)}
    tried = [run.settings for run in request.runs if run.baseline == "rmn"]
    assert [(settings["beta"], settings["spread"]) for settings in tried] == [(20, 0.1), (30, 0.1)]
    assert len(request.grids["ewc"]["ewc_lambda"]) == 7


def test_the_executor_is_the_one_that_was_named_with_its_options() -> None:
    request = read(*SPLIT, "--threads", "3", "--executor", "ray", "--gpus-per-run", "0.5")
    assert isinstance(request.executor, RayExecutor)
    assert (request.config.jobs, request.config.threads) == (None, 3)
    assert isinstance(read(*SPLIT).executor, LocalExecutor)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([*BOTH, "--grid", "rmn"], "write it as"),
        ([*BOTH, "--grid", "rmm.beta=5"], "did you mean 'rmn'?"),
        ([*BOTH, "--grid", "rmn.bet=5"], "did you mean 'beta'?"),
        ([*BOTH, "--grid", "rmn.beta=0"], "rmn.beta must be a number, at least 1, not '0'"),
        ([*BOTH, "--grid", "ewc.x="], "ewc_lambda"),
        (["--benchmark", "split_mnst"], "did you mean 'split_mnist'?"),
        ([*SPLIT, "--methods", "ecw"], "did you mean 'ewc'?"),
        ([*SPLIT, "--methods", "hat_plus"], "did you mean 'hat'?"),
        ([*SPLIT, "--methods", "naive"], "unknown method with a grid 'naive'"),
        (["--benchmark", "split_mnist_unsupervised", "--methods", "rmn"], "rmn needs task labels"),
        ([*SPLIT, "--seeds", "0"], "'0' is not a whole number"),
        ([*SPLIT, "--jobs", "-1"], "'-1' is not a whole number"),
        ([*SPLIT, "--results", "/dev/null/x"], "--results: /dev/null is a file"),
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
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "split_mnist.json").write_text("{")
    monkeypatch.setattr("harness.config.tuned_settings.tuned.__defaults__", (tmp_path,))
    with pytest.raises(SystemExit):
        read(*SPLIT)
    assert "split_mnist.json of the tuned settings is damaged" in capsys.readouterr().err
