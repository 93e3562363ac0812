"""Which of the stored runs are shown."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from harness.analysis.run_filter import EVERYTHING, RunFilter, UnknownNameError
from harness.analysis.selection import select
from harness.storage import store
from harness.storage.store import Results

METHODS, SEEDS, SCENARIOS, EPOCHS = ("rmn", "naive"), range(3), ("task-il", "class-il"), (1, 4)


@pytest.fixture(scope="module")
def found(save_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Every combination of the above; runs of four epochs differ from the defaults in that."""
    root = tmp_path_factory.mktemp("results")
    for method, seed, scenario, epochs in product(METHODS, SEEDS, SCENARIOS, EPOCHS):
        save_run(root, method, seed, 0.9, epochs=epochs, scenario=scenario)
    return select(store.read(root, "split_mnist", "default"))


@pytest.mark.parametrize(
    ("shown", "methods", "seeds", "scenarios", "epochs"),
    [
        (EVERYTHING, METHODS, SEEDS, SCENARIOS, EPOCHS),
        (RunFilter(methods=("rmn",)), ("rmn",), SEEDS, SCENARIOS, EPOCHS),
        (RunFilter(seeds=2), METHODS, range(2), SCENARIOS, EPOCHS),
        (RunFilter(scenarios=("class-il",)), METHODS, SEEDS, ("class-il",), EPOCHS),
        (RunFilter(settings=("default",)), METHODS, SEEDS, SCENARIOS, (1,)),
        (RunFilter(settings=("training.epochs",)), METHODS, SEEDS, SCENARIOS, (4,)),
        (RunFilter(settings=("Training.Epochs=4", "default")), METHODS, SEEDS, SCENARIOS, EPOCHS),
        (RunFilter(settings=("training.epochs=3",)), METHODS, SEEDS, SCENARIOS, ()),
        (RunFilter(("naive",), 1, ("default",), ("task-il",)), ("naive",), [0], ("task-il",), (1,)),
    ],
)
def test_every_condition_holds_for_what_is_shown(
    found: Results,
    shown: RunFilter,
    methods: tuple[str, ...],
    seeds: range,
    scenarios: tuple[str, ...],
    epochs: tuple[int, ...],
) -> None:
    kept = shown.of(found)
    what = {
        (r.run.baseline, r.run.seed, r.run.scenario, r.run.training["epochs"]) for r in kept.records
    }
    assert what == set(product(methods, seeds, scenarios, epochs))
    assert set(kept.rows["run_id"]) == {record.run.id for record in kept.records}


def test_names_are_those_of_the_stored_runs(found: Results) -> None:
    typed = RunFilter(methods=("RMN",), settings=("Training.Epochs",))
    assert typed.checked(found) == RunFilter(methods=("rmn",), settings=("training.epochs",))
    with pytest.raises(UnknownNameError, match="unknown method of stored runs 'rmm'; did you mean"):
        RunFilter(methods=("rmm",)).checked(found)
    with pytest.raises(UnknownNameError, match=r"There are: default, training\.epochs, "):
        RunFilter(settings=("beta",)).checked(found)


def test_it_says_what_is_shown() -> None:
    assert str(EVERYTHING) == ""
    assert not EVERYTHING
    assert str(RunFilter(("rmn", "ewc"), 1)) == "only methods rmn, ewc; seed 0"
    assert str(RunFilter(seeds=3, scenarios=("task-il",))) == "only scenarios task-il; seeds 0 to 2"
