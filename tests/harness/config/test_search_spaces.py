"""The grids that tuning searches, and the runs that try them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TUNING
from harness.config.grids import candidates, given_grids, grid
from harness.config.settings import SettingError

TUNABLE = {name: methods()[name] for name in ("rmn", "ewc")}
SPLIT_MNIST = BENCHMARKS["split_mnist"]
BUDGET = SPLIT_MNIST.budgets[TUNING]


def test_a_method_has_the_grids_of_its_declaration() -> None:
    assert grid(methods()["hat"]) == {"lamb": (0.1, 0.75, 2.0), "learning_rate": (0.05, 0.2)}
    assert grid(methods()["naive"]) == {}


def test_values_are_read_by_method_and_setting() -> None:
    texts = ["rmn.beta=5,10", "ewc.ewc_lambda=1", "rmn.mapping_lr=0.01,none"]
    assert given_grids(texts, TUNABLE) == {
        "rmn": {"beta": ("5", "10"), "mapping_lr": ("0.01", "none")},
        "ewc": {"ewc_lambda": ("1",)},
    }
    assert given_grids([], TUNABLE) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rmn", "write it as method.setting=value,value"),
        ("rmn=5", "write it as method.setting=value,value"),
        ("rmn.beta", "write it as method.setting=value,value"),
        ("rmm.beta=5", "did you mean 'rmn'"),
        ("naive.beta=5", "unknown method to tune 'naive'"),
        ("rmn.bet=5", "did you mean 'beta'"),
    ],
)
def test_a_grid_that_cannot_be_read_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        given_grids([text], TUNABLE)


def test_every_combination_is_tried_with_every_seed_on_held_out_data() -> None:
    grids = {"initialisation": ("uniform", "normal"), "mapping_lr": ("0.01", "none")}
    runs = list(candidates(TUNABLE["rmn"], grids, SPLIT_MNIST, BUDGET, seeds=2))
    tried = [(r.settings["initialisation"], r.settings["mapping_lr"], r.seed) for r in runs]
    assert tried == [*product(("uniform", "normal"), (0.01, None), (0, 1))]
    assert all(run.profile == "tuning" for run in runs)
    assert all(run.training["validation"] and run.training["tasks"] == 3 for run in runs)


@given(
    lambdas=st.lists(st.floats(0, 1e6), min_size=1, max_size=5, unique=True),
    seeds=st.integers(1, 3),
)
def test_no_two_candidates_are_the_same_run(lambdas: list[float], seeds: int) -> None:
    runs = [*candidates(TUNABLE["ewc"], {"ewc_lambda": tuple(lambdas)}, SPLIT_MNIST, BUDGET, seeds)]
    assert {(run.settings["ewc_lambda"], run.seed) for run in runs} == {
        *product(lambdas, range(seeds))
    }
    assert len({run.id for run in runs}) == len(runs) == len(lambdas) * seeds


def test_a_value_that_is_not_allowed_is_named() -> None:
    with pytest.raises(SettingError, match=r"rmn\.initialisation must be"):
        list(candidates(TUNABLE["rmn"], {"initialisation": ("x",)}, SPLIT_MNIST, BUDGET, 1))
