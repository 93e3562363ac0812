"""The grids that tuning searches."""

import json

import pandas as pd
import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.resolution import TUNED, tuned
from harness.config.settings import SettingError
from harness.storage import store
from harness.storage.provenance import ROOT
from harness.tune import UntriedError, candidates, choose, given_grids, grid, main

KNOWN = {name: methods()[name] for name in ("rmn", "ewc")}
BOTH = ["--benchmark", "split_mnist", "--methods", "rmn,ewc"]


def test_a_given_grid_replaces_the_methods_own():
    words = ["rmn.initialisation=uniform,normal", "rmn.mapping_lr=0.01,none"]
    grids = given_grids(words, KNOWN)
    assert set(grids) == {"rmn"}
    runs = list(candidates(KNOWN["rmn"], grids["rmn"], BENCHMARKS["split_mnist"], seeds=2))
    tried = {(run.settings["initialisation"], run.settings["mapping_lr"]) for run in runs}
    assert tried == {("uniform", 0.01), ("uniform", None), ("normal", 0.01), ("normal", None)}
    assert len(runs) == 8
    assert all(run.budgets["validation"] for run in runs)
    own = grid(KNOWN["ewc"])
    assert len(list(candidates(KNOWN["ewc"], own, BENCHMARKS["split_mnist"], seeds=1))) == 7


def test_a_missing_data_set_is_named_before_anything_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RMN_DATA", str(tmp_path))
    with pytest.raises(SystemExit):
        main(["--benchmark", "split_cifar100", "--methods", "rmn"])
    assert "cifar100.npz is missing" in capsys.readouterr().err


def test_a_value_that_is_not_allowed_is_named():
    with pytest.raises(SettingError, match="initialisation must be"):
        list(candidates(KNOWN["rmn"], {"initialisation": ("x",)}, BENCHMARKS["split_mnist"], 1))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([*BOTH, "--grid", "rmn"], "write it as"),
        ([*BOTH, "--grid", "rmm.beta=5"], "rmn"),
        ([*BOTH, "--grid", "rmn.bet=5"], "beta"),
        ([*BOTH, "--grid", "ewc.x="], "ewc_lambda"),
        (["--benchmark", "split_mnst"], "did you mean 'split_mnist'?"),
        (["--benchmark", "split_mnist", "--methods", "ecw"], "did you mean 'ewc'?"),
        (["--benchmark", "split_mnist", "--methods", "hat_plus"], "did you mean 'hat'?"),
        (["--benchmark", "split_mnist_unsupervised", "--methods", "rmn"], "rmn must be told"),
        (["--benchmark", "split_mnist", "--seeds", "0"], "'0' is not a whole number"),
        (["--benchmark", "split_mnist", "--jobs", "-1"], "'-1' is not a whole number"),
    ],
)
def test_wrong_arguments_say_what_to_type(words, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_nothing_is_chosen_while_a_candidate_has_no_result(tmp_path):
    runs = list(candidates(KNOWN["ewc"], {"ewc_lambda": (1.0,)}, BENCHMARKS["split_mnist"], 1))
    with pytest.raises(UntriedError, match=r"ewc\[ewc_lambda=1.0\] seed 0"):
        choose(runs, {"ewc": {"ewc_lambda": (1.0,)}}, tmp_path, BENCHMARKS["split_mnist"])


def test_the_best_mean_over_seeds_is_chosen_however_close(tmp_path):
    grids = {"ewc": {"ewc_lambda": (1.0, 10.0, 100.0)}}
    benchmark = BENCHMARKS["split_mnist"]
    runs = list(candidates(KNOWN["ewc"], grids["ewc"], benchmark, seeds=2))
    accuracies = {
        1.0: (0.98765, 0.9876598),  # mean 0.9876549
        10.0: (0.98765, 0.9876520),  # mean 0.9876510
        100.0: (0.99, 0.5),  # best in one seed only
    }
    for run in runs:
        value = accuracies[run.settings["ewc_lambda"]][run.seed]
        cell = {"metric": "accuracy", "regime": "task-aware", "after": 1, "task": 1}
        about = {"run_id": run.id, "benchmark": run.benchmark, "baseline": run.baseline}
        blank = {"rule": "", "layer": "", "setting": run.setting, "other": None}
        row = {**about, **blank, **cell, "seed": run.seed, "value": value}
        store.save(tmp_path, store.Record(run, {"title": "EWC"}, {}), pd.DataFrame([row]))
    [chosen] = choose(runs, grids, tmp_path, benchmark).values()
    assert chosen["settings"] == {"ewc_lambda": 1.0}
    assert chosen["scores"]["ewc_lambda=100.0"] == 0.745


def test_the_committed_choice_is_what_the_committed_runs_give(tmp_path, monkeypatch):
    """Nothing is trained: every candidate has a result. Other methods' choices stay."""
    committed = json.loads((TUNED / "split_mnist.json").read_text())
    monkeypatch.setattr("harness.tune.TUNED", tmp_path)
    monkeypatch.setattr("harness.tune.execute", lambda *_: pytest.fail("a run is missing"))
    file = tmp_path / "split_mnist.json"
    file.write_text('{"ewc": {"settings": {"ewc_lambda": 7.0}, "scores": {}}}')
    words = ["--benchmark", "split_mnist", "--methods", "si,hat", "--seeds", "1"]
    assert main([*words, "--results", str(ROOT / "results")]) == 0
    chosen = json.loads(file.read_text())
    assert {name: chosen[name] for name in ("si", "hat")} == {
        name: committed[name] for name in ("si", "hat")
    }
    assert tuned("split_mnist", tmp_path)["ewc"] == {"ewc_lambda": 7.0}
