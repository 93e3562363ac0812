"""The committed choices, their studies and their runs agree."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TUNING, TrainingBudget
from harness.config.search_spaces import Search, recorded_space
from harness.config.tuned_settings import TUNED, tuned
from harness.storage import store, studies
from harness.storage.provenance import ROOT
from harness.storage.studies import Study
from harness.tuning.outcomes import outcomes
from harness.tuning.replay import replay

RESULTS: Final = ROOT / "results"


def search_of(study: Study) -> Search:
    return Search(
        benchmark=BENCHMARKS[study.benchmark],
        scenario=study.scenario,
        method=methods()[study.method],
        budget=TrainingBudget(**study.training),
        space=recorded_space(study.space),
        trials=sum(not trial.beyond for trial in study.trials),
        seeds=max(len(trial.runs) for trial in study.trials),
        defaults=study.sampler["defaults"],
    )


@pytest.mark.parametrize(
    "folder", sorted(RESULTS.glob(f"*/{studies.FOLDER}")), ids=lambda folder: folder.parent.name
)
def test_a_study_is_what_its_runs_give(folder: Path) -> None:
    benchmark = folder.parent.name
    found = studies.read(RESULTS, benchmark)
    assert found.damaged == {}
    known = outcomes(store.read(RESULTS, benchmark, TUNING))
    for study in found.studies:
        assert replay(search_of(study), known).study == study


@pytest.mark.parametrize("path", sorted(TUNED.glob("*.json")), ids=lambda path: path.stem)
def test_a_choice_is_that_of_its_study_and_at_no_edge(path: Path) -> None:
    made = {study.file: study for study in studies.read(RESULTS, path.stem).studies}
    for choice in tuned(path.stem):
        study = made[choice.study]
        about = (study.scenario, study.norm, study.method)
        assert (choice.scenario, choice.norm, choice.method) == about
        assert choice.settings == study.settings
        assert study.at_edge == ()
