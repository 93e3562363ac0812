"""Choosing settings by the scores of their candidates, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from baselines.registry import methods
from harness.analysis.tuning import UntriedError, choose
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TUNING
from harness.config.grids import Grid, candidates
from harness.config.run import Run
from harness.storage import schema

GRID: Grid = {"ewc_lambda": (1.0, 10.0, 100.0)}


@pytest.fixture
def runs() -> list[Run]:
    """Three candidates with two seeds each."""
    benchmark = BENCHMARKS["split_mnist"]
    return list(candidates(methods()["ewc"], GRID, benchmark, benchmark.budgets[TUNING], seeds=2))


def accuracy(run: Run, value: float, after: int = 3, scenario: str = "task-il") -> pd.DataFrame:
    """The accuracies of a run on its three tasks, whose mean is the value."""
    rows: list[schema.Row] = [
        {"metric": "accuracy", "scenario": scenario, "after": after, "task": task, "value": one}
        for task, one in ((1, value - 0.01), (2, value), (3, value + 0.01))
    ]
    return schema.table(rows, run)


def chosen(runs: list[Run], tables: list[pd.DataFrame]) -> dict[str, object]:
    return choose(runs, {"ewc": GRID}, pd.concat(tables))["ewc"]


def test_the_best_mean_over_seeds_is_chosen_however_close(runs: list[Run]) -> None:
    accuracies = {
        1.0: (0.98765, 0.9876598),  # mean 0.9876549
        10.0: (0.98765, 0.9876520),  # mean 0.9876510
        100.0: (0.9899, 0.5),  # best in one seed only
    }
    tables = [accuracy(run, accuracies[run.settings["ewc_lambda"]][run.seed]) for run in runs]
    assert chosen(runs, tables) == {
        "settings": {"ewc_lambda": 1.0},
        "scores": {
            "ewc_lambda=1.0": 0.98765,
            "ewc_lambda=10.0": 0.98765,
            "ewc_lambda=100.0": 0.74495,
        },
    }


def test_only_the_accuracies_after_the_last_task_with_its_identity_count(runs: list[Run]) -> None:
    score = {1.0: 0.5, 10.0: 0.6, 100.0: 0.4}
    tables = [accuracy(run, score[run.settings["ewc_lambda"]]) for run in runs]
    tables += [accuracy(run, 1 - score[run.settings["ewc_lambda"]], after=2) for run in runs]
    tables += [
        accuracy(run, 1 - score[run.settings["ewc_lambda"]], scenario="task-agnostic")
        for run in runs
    ]
    assert chosen(runs, tables)["settings"] == {"ewc_lambda": 10.0}


def test_of_equal_candidates_the_first_is_chosen(runs: list[Run]) -> None:
    assert chosen(runs, [accuracy(run, 0.5) for run in runs])["settings"] == {"ewc_lambda": 1.0}


def test_nothing_is_chosen_while_a_candidate_has_no_result(runs: list[Run]) -> None:
    tables = [accuracy(run, 0.5) for run in runs[:-1]]
    with pytest.raises(UntriedError, match=r"no result for ewc seed 1$"):
        chosen(runs, tables)  # the last candidate is the default, which is not named
    with pytest.raises(UntriedError):
        choose(runs, {"ewc": GRID}, schema.empty())
