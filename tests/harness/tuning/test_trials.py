"""A study follows from the outcomes of its runs, and stops those that fall behind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.run import Run
from harness.config.study_file import StudyPlan, read_study
from harness.reporting.study_report import study_report
from harness.reporting.writer import write
from harness.tuning.importances import importances
from harness.tuning.trials import Progress, StudyTrial, best, progress

FILE = """
benchmark = "permuted_mnist"
method = "ewc"
trials = {trials}
seeds = 2
sampler = "{sampler}"
stop = "{stop}"
[search]
"ewc.ewc_lambda" = {{ low = 1.0, high = 1e6 }}
"training.learning_rate" = [0.001, 0.002]
"""

Score = Callable[[Run], float]


def planned(
    folder: Path, *, sampler: str = "tpe", stop: str = "never", trials: int = 20
) -> StudyPlan:
    path = folder / "mine.toml"
    path.write_text(FILE.format(sampler=sampler, stop=stop, trials=trials))
    return read_study(path, benchmarks(), methods())


def strength(run: Run) -> float:
    """Best at a strength of 1000, whatever the rest."""
    return 1 / (1 + abs(math.log10(run.settings["ewc_lambda"]) - 3))


def conducted(plan: StudyPlan, score: Score) -> tuple[Progress, list[list[Run]]]:
    """A study to its end, and the runs that each round asked for."""
    outcomes: dict[str, tuple[float, ...]] = {}
    rounds: list[list[Run]] = []
    while (reached := progress(plan, outcomes)).missing:
        rounds.append(list(reached.missing))
        outcomes |= {run.id: (score(run),) for run in reached.missing}
    return reached, rounds


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_every_trial_has_the_mean_over_its_seeds(sampler: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, sampler=sampler)
    reached, rounds = conducted(plan, lambda run: strength(run) + 0.1 * (run.seed % 2))
    assert [trial.number for trial in reached.trials] == list(range(20))
    assert sum(map(len, rounds)) == 40
    for trial in reached.trials:
        expected = 1 / (1 + abs(math.log10(trial.settings["ewc.ewc_lambda"]) - 3))
        assert list(trial.accuracies) == pytest.approx([expected + 0.05])
        assert trial.settings["training.learning_rate"] in (0.001, 0.002)


def test_tpe_comes_nearer_than_chance(tmp_path: Path) -> None:
    found = {}
    for sampler in ("tpe", "random"):
        plan = planned(tmp_path, sampler=sampler, trials=32)
        reached, _ = conducted(plan, strength)
        late = [trial.accuracies[0] for trial in reached.trials[16:]]
        found[sampler] = sum(late) / len(late)
    assert found["tpe"] > found["random"] + 0.1


def test_an_interrupted_study_goes_on_as_it_would_have(tmp_path: Path) -> None:
    plan = planned(tmp_path)
    whole, rounds = conducted(plan, strength)
    outcomes = {run.id: (strength(run),) for one in rounds[:2] for run in one}
    partial = progress(plan, outcomes)
    assert list(partial.trials) == list(whole.trials)[: len(partial.trials)]
    assert [run.id for run in partial.missing] == [run.id for run in rounds[2]]


def test_a_longer_study_begins_with_the_same_trials(tmp_path: Path) -> None:
    short, _ = conducted(planned(tmp_path, trials=12), strength)
    longer, _ = conducted(planned(tmp_path, trials=20), strength)
    assert list(longer.trials)[:12] == list(short.trials)


def test_successive_halving_lets_the_best_third_go_on(tmp_path: Path) -> None:
    plan = planned(tmp_path, stop="asha", sampler="random", trials=18)
    reached, rounds = conducted(plan, strength)
    assert plan.rungs == (2, 6, 10)
    came = [len(trial.accuracies) for trial in reached.trials]
    at_least_two, all_three = sum(n >= 2 for n in came), came.count(3)
    assert 18 // 3 <= at_least_two < 18
    assert at_least_two // 3 <= all_three < at_least_two
    ranked = sorted(reached.trials, key=lambda trial: -trial.accuracies[0])
    assert all(len(trial.accuracies) >= 2 for trial in ranked[:6])
    lengths = [run.training["tasks"] for one in rounds for run in one]
    assert {*lengths} == {2, 6, None}
    assert lengths.count(2) == 36
    chosen = best(plan, reached.trials)
    assert chosen is not None
    assert chosen.accuracies[0] == ranked[0].accuracies[0]


def test_a_trial_that_is_overtaken_after_more_tasks_goes_no_further(tmp_path: Path) -> None:
    """What leads after two tasks is the worst after six."""
    plan = planned(tmp_path, stop="asha", sampler="random", trials=18)

    def turned(run: Run) -> float:
        tasks = run.training["tasks"]
        return strength(run) if tasks == 2 else 1 - strength(run)

    reached, _ = conducted(plan, turned)
    second = [trial for trial in reached.trials if len(trial.accuracies) >= 2]
    worst = min(second, key=lambda trial: trial.accuracies[1])
    assert len(worst.accuracies) == 2


@pytest.mark.parametrize("trials", [1, 2])
def test_some_trial_sees_the_whole_stream_however_few_there_are(
    trials: int, tmp_path: Path
) -> None:
    plan = planned(tmp_path, stop="asha", trials=trials)
    reached, _ = conducted(plan, strength)
    assert best(plan, reached.trials) is not None


def test_a_run_that_diverged_counts_as_0(tmp_path: Path) -> None:
    plan = planned(tmp_path, trials=1)
    [run, other] = progress(plan, {}).missing
    reached = progress(plan, {run.id: (), other.id: (0.5, 0.7)})
    assert list(reached.trials[0].accuracies) == pytest.approx([0.3])


def test_the_setting_that_decides_everything_has_all_the_importance(tmp_path: Path) -> None:
    plan = planned(tmp_path, trials=40)
    reached, _ = conducted(plan, strength)
    shares = importances(plan, reached.trials)
    assert list(shares) == ["ewc.ewc_lambda", "training.learning_rate"]
    assert 0.9 < shares["ewc.ewc_lambda"] <= sum(shares.values()) < 1 + 1e-9
    alike = [replace(one, accuracies=(0.5,)) for one in reached.trials]
    assert importances(plan, alike) == {}
    assert importances(plan, list(reached.trials)[:3]) == {}


def test_shares_of_the_variance_are_those_of_its_exact_decomposition(tmp_path: Path) -> None:
    """Over a, b = -1, 1 the variance of a + 2ab is 1 of a, none of b, and 4 of both together."""
    path = tmp_path / "two_ranges.toml"
    text = FILE.replace("[0.001, 0.002]", "{{ low = 0.001, high = 0.1 }}")
    path.write_text(text.format(sampler="random", stop="never", trials=60))
    plan = read_study(path, benchmarks(), methods())
    trials = [
        StudyTrial(
            number,
            {"ewc.ewc_lambda": 10.0 ** (3 + 3 * a), "training.learning_rate": 10.0 ** (b - 2)},
            ((a + 2 * a * b + 3) / 6,),
        )
        for number, (a, b) in enumerate([(-1, -1), (-1, 1), (1, -1), (1, 1)] * 15)
    ]
    shares = importances(plan, trials)
    assert shares["ewc.ewc_lambda"] == pytest.approx(1 / 5, abs=0.02)
    assert shares["training.learning_rate"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("stop", ["never", "asha"])
def test_the_report_has_every_trial_and_draws_the_curves(stop: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, stop=stop, trials=12)
    reached, _ = conducted(plan, strength)
    report = study_report(plan, reached.trials)
    for ending in ("md", "csv", "pdf", "html"):
        assert write(report, ending, tmp_path).stat().st_size > 0
    page = (tmp_path / "study-mine.md").read_text()
    chosen = best(plan, reached.trials)
    assert chosen is not None
    assert f"{chosen.accuracies[-1] * 100:.2f}" in page
    assert "Importances" in page
    assert len(report.data) == sum(len(one.accuracies) for one in reached.trials)
    assert len(report.draw(tmp_path, ["svg"])) == 2
    assert [chart.data["Trial"].nunique() for chart in report.charts()] == [12, 12, 12]


def test_an_unfinished_study_has_a_report(tmp_path: Path) -> None:
    plan = planned(tmp_path, stop="asha", trials=12)
    [*runs] = progress(plan, {}).missing
    reached = progress(plan, {run.id: (strength(run),) for run in runs})
    assert reached.missing
    assert study_report(plan, reached.trials).data["tasks"].max() == 2
