"""Studies on made-up accuracies: nothing is trained."""

from __future__ import annotations

from collections.abc import Callable
from math import log10
from typing import Any

import pytest

from baselines.interface import Choices, Range
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TUNING
from harness.config.run import Run
from harness.config.search_spaces import Search, Space, search_space
from harness.storage.studies import Study
from harness.tuning.proposals import BATCH, DESIGN
from harness.tuning.replay import EXTENSIONS, replay

Accuracy = Callable[[Run], float]

TRIALS = DESIGN + BATCH


def search(name: str = "ewc", space: Space | None = None, seeds: int = 3) -> Search:
    benchmark, method = BENCHMARKS["split_mnist"], methods()[name]
    budget = benchmark.budgets[TUNING]
    space = search_space(method) if space is None else space
    return Search(benchmark, "task-il", method, budget, space, TRIALS, seeds)


def peak(exponent: float) -> Accuracy:
    """The nearer lambda is to a power of ten the better."""
    return lambda run: 1 - abs(log10(run.settings["ewc_lambda"]) - exponent) / 20


def conduct(search: Search, accuracy: Accuracy) -> tuple[Study, list[list[Run]]]:
    """The study, and the runs that it needed at a time."""
    outcomes: dict[str, tuple[float, ...]] = {}
    rounds: list[list[Run]] = []
    while (found := replay(search, outcomes)).study is None:
        rounds.append(list(found.missing))
        outcomes |= {run.id: (accuracy(run),) * 5 for run in found.missing}
    assert not found.missing
    return found.study, rounds


def test_the_better_half_of_a_batch_gets_the_other_seeds() -> None:
    study, rounds = conduct(search(), peak(4.0))
    assert [len(runs) for runs in rounds] == [2 * DESIGN, DESIGN // 2, 2 * BATCH, BATCH // 2]
    assert [sorted({run.seed - 10_000 for run in runs}) for runs in rounds] == [[0, 1], [2]] * 2
    assert len(study.trials) == TRIALS
    for start, end in ((0, DESIGN), (DESIGN, TRIALS)):
        batch = study.trials[start:end]
        assert sum(trial.pruned for trial in batch) == len(batch) // 2
        worst = min(trial.runs[0].value for trial in batch if not trial.pruned)
        assert all(trial.runs[0].value <= worst for trial in batch if trial.pruned)
        assert {len(trial.runs) for trial in batch if not trial.pruned} == {3}
        assert {len(trial.runs) for trial in batch if trial.pruned} == {2}


def test_the_best_mean_over_seeds_is_chosen() -> None:
    study, _ = conduct(search(), peak(4.0))
    assert study.settings == study.trials[study.chosen].settings
    assert abs(log10(study.settings["ewc_lambda"]) - 4) < 0.5

    def fooled(run: Run) -> float:  # what is best with the first seeds is worst with the other
        first = run.seed < 10_002
        return peak(4.0)(run) if first else 1 - peak(4.0)(run)

    study, _ = conduct(search(), fooled)
    kept = [trial for trial in study.trials if not trial.pruned]
    assert study.trials[study.chosen].value == max(trial.value for trial in kept)


def test_every_method_gets_as_many_trials_and_runs() -> None:
    def flat(run: Run) -> float:
        """Best in the middle of every range, so that no edge is passed."""
        space = search_space(methods()[run.baseline])
        middles = {
            name: (log10(one.low) + log10(one.high)) / 2
            for name, one in space.items()
            if isinstance(one, Range)
        }
        return 1 - sum(abs(log10(run.settings[n]) - m) for n, m in middles.items()) / 100

    for name in ("ewc", "hat", "mas", "rmn", "si"):
        study, rounds = conduct(search(name), flat)
        assert len(study.trials) == TRIALS
        assert sum(map(len, rounds)) == TRIALS * 2 + TRIALS // 2
        assert study.at_edge == ()


def test_it_goes_beyond_an_edge_until_the_best_is_inside() -> None:
    study, _ = conduct(search(), peak(7.6))
    beyond = [trial for trial in study.trials if trial.beyond]
    assert beyond
    assert len(beyond) % BATCH == 0
    assert {trial.beyond for trial in beyond} == {"ewc_lambda"}
    values = [trial.settings["ewc_lambda"] for trial in beyond]
    planned = max(trial.settings["ewc_lambda"] for trial in study.trials[:TRIALS])
    assert values == sorted(values)
    assert values[0] > planned
    assert values[BATCH - 1] == pytest.approx(planned * 10, rel=0.05)
    assert study.settings["ewc_lambda"] < max(values)
    assert abs(log10(study.settings["ewc_lambda"]) - 7.6) < 0.2
    assert study.at_edge == ()


def test_it_goes_below_as_well_with_the_other_settings_as_chosen() -> None:
    def accuracy(run: Run) -> float:
        rate, weight = log10(run.settings["mapping_lr"]), log10(run.settings["l0_weight"])
        return 1 - abs(weight + 4) / 20 - abs(rate + 2.5) / 20

    space: Space = {"mapping_lr": Range(1e-4, 0.1), "l0_weight": Range(0.03, 3.0)}
    study, _ = conduct(search("rmn", space), accuracy)
    beyond = [trial for trial in study.trials if trial.beyond]
    assert {trial.beyond for trial in beyond} == {"l0_weight"}
    assert len({trial.settings["mapping_lr"] for trial in beyond}) == 1
    assert abs(log10(study.settings["l0_weight"]) + 4) < 0.3


def test_it_gives_up_where_the_best_is_at_the_edge_for_ever() -> None:
    study, _ = conduct(search(), lambda run: log10(run.settings["ewc_lambda"]) / 100)
    assert len(study.trials) == TRIALS + EXTENSIONS * BATCH
    assert study.at_edge == ("ewc_lambda",)


def test_what_a_setting_cannot_be_is_no_edge() -> None:
    space: Space = {"beta": Range(1.0, 10.0)}  # it is 1 at least
    study, _ = conduct(search("rmn", space), lambda run: 1 - run.settings["beta"] / 1000)
    assert study.at_edge == ()
    assert all(trial.settings["beta"] >= 1 for trial in study.trials)


def test_values_without_order_have_no_edge() -> None:
    space: Space = {"mode": Choices(("separate", "online"))}
    study, _ = conduct(search("ewc", space), lambda run: float(run.settings["mode"] == "online"))
    assert study.settings == {"mode": "online"}
    assert study.at_edge == ()


@pytest.mark.parametrize(
    ("best", "edge"), [(0.9, ("threshold",)), (0.95, ()), (0.99, ("threshold",))]
)
def test_the_outermost_of_numbers_to_choose_from_is_an_edge(
    best: float, edge: tuple[str, ...]
) -> None:
    space: Space = {"threshold": Choices((0.99, 0.9, 0.95))}
    study, _ = conduct(search("gpm", space), lambda run: float(run.settings["threshold"] == best))
    assert study.settings == {"threshold": best}
    assert study.at_edge == edge
    assert len(study.trials) == TRIALS


@pytest.mark.parametrize(
    ("best", "tried", "edge"),
    [
        (0.95, [], ()),
        (0.99, [0.995, 0.999], ()),  # 0.995 and 0.999 are worse
        (0.995, [0.995, 0.999], ()),
        (0.999, [0.995, 0.999], ("threshold",)),
        (0.9, [0.3], ()),  # nothing above is tried where the best is the least
        (0.3, [0.3], ("threshold",)),
    ],
)
def test_it_goes_beyond_the_outermost_of_numbers_to_choose_from(
    best: float, tried: list[float], edge: tuple[str, ...]
) -> None:
    space: Space = {"threshold": Choices((0.99, 0.9, 0.95), beyond=(0.3, 0.995, 0.999))}
    study, _ = conduct(search("gpm", space), lambda run: 1 - abs(run.settings["threshold"] - best))
    assert study.settings == {"threshold": best}
    beyond = [trial for trial in study.trials if trial.beyond]
    assert [trial.settings["threshold"] for trial in beyond] == tried
    assert study.at_edge == edge


def test_with_one_seed_nothing_is_pruned() -> None:
    study, rounds = conduct(search(seeds=1), peak(4.0))
    assert not any(trial.pruned for trial in study.trials)
    assert [len(runs) for runs in rounds] == [DESIGN, BATCH]


def test_a_run_that_diverged_is_worse_than_all_others() -> None:
    outcomes: dict[str, tuple[float, ...]] = {}
    while (found := replay(search(), outcomes)).study is None:
        for run in found.missing:
            diverged = run.settings["ewc_lambda"] > 1e4
            outcomes[run.id] = () if diverged else (peak(6.0)(run),)
    values = {trial.settings["ewc_lambda"]: trial.value for trial in found.study.trials}
    assert all(value == 0 for tried, value in values.items() if tried > 1e4)
    assert found.study.settings["ewc_lambda"] <= 1e4


def test_a_study_does_not_depend_on_how_far_it_got_at_a_time() -> None:
    """One run at a time, the last one first, as on a slow machine that is often interrupted."""
    whole, _ = conduct(search(), peak(6.9))
    outcomes: dict[str, tuple[float, ...]] = {}
    while (found := replay(search(), outcomes)).study is None:
        run = found.missing[-1]
        outcomes[run.id] = (peak(6.9)(run),) * 5
    assert found.study == whole


def test_equal_settings_are_one_run() -> None:
    space: Space = {"mode": Choices(("separate", "online"))}
    missing = replay(search("ewc", space), {}).missing
    assert len({run.id for run in missing}) == len(missing) == 4  # two values, half of three seeds


def test_a_study_says_what_it_was_about() -> None:
    study, _ = conduct(search(), peak(4.0))
    assert (study.benchmark, study.scenario, study.norm) == ("split_mnist", "task-il", "per-task")
    assert study.method == "ewc"
    assert study.training["class_order"] == "seed"
    assert study.space == {"ewc_lambda": {"low": 10.0, "high": 1e7}}
    wanted: dict[str, Any] = {"seed": 0, "design": DESIGN, "batch": BATCH, "extensions": EXTENSIONS}
    assert wanted.items() <= study.sampler.items()
