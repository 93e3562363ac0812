"""The grids that tuning searches."""

import pytest

from baselines.registry import methods
from harness.benchmarks import BENCHMARKS
from harness.settings import SettingError
from harness.tune import candidates, given_grids, grid, main

KNOWN = {name: methods()[name] for name in ("rmn", "ewc")}


def test_a_given_grid_replaces_the_methods_own():
    words = ["rmn.initialisation=uniform,normal", "rmn.mapping_lr=0.01,none"]
    grids = given_grids(words, KNOWN)
    assert set(grids) == {"rmn"}
    runs = list(candidates(KNOWN["rmn"], grids["rmn"], BENCHMARKS["split_mnist"], seeds=2))
    tried = {(run.settings["initialisation"], run.settings["mapping_lr"]) for run in runs}
    assert tried == {("uniform", 0.01), ("uniform", None), ("normal", 0.01), ("normal", None)}
    assert len(runs) == 8
    assert all(run.training["validation"] for run in runs)
    own = grid(KNOWN["ewc"])
    assert len(list(candidates(KNOWN["ewc"], own, BENCHMARKS["split_mnist"], seeds=1))) == 7


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("rmn", "write it as"),
        ("rmm.beta=5", "rmn"),
        ("rmn.bet=5", "beta"),
        ("ewc.x=", "ewc_lambda"),
    ],
)
def test_a_wrong_grid_is_explained(word, said, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--benchmark", "split_mnist", "--methods", "rmn,ewc", "--grid", word])
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_a_missing_data_set_is_named_before_anything_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RMN_DATA", str(tmp_path))
    with pytest.raises(SystemExit):
        main(["--benchmark", "split_cifar100", "--methods", "rmn"])
    assert "cifar100.npz is missing" in capsys.readouterr().err


def test_a_value_that_is_not_allowed_is_named():
    with pytest.raises(SettingError, match="initialisation must be"):
        list(candidates(KNOWN["rmn"], {"initialisation": ("x",)}, BENCHMARKS["split_mnist"], 1))
