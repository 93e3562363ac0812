"""Which stored runs the arguments of `harness.results` mean."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli.arguments import ArgumentError
from harness.cli.results_selection import chosen_pairs, chosen_runs, find_run
from harness.config.run import Run
from harness.storage import inventory, store
from harness.storage.inventory import StoredRun, take_inventory
from harness.storage.record import MethodDeclaration, Record


def failure(run: Run) -> Record:
    return Record(run, MethodDeclaration("EWC"), {}, "failed", "ValueError")


@pytest.fixture
def runs(run: Run) -> list[Run]:
    return [
        run,
        replace(run, seed=1),
        replace(run, baseline="si"),
        replace(run, profile="tuning"),
        replace(run, benchmark="permuted_mnist"),
        replace(run, scenario="class-il", seed=2),
    ]


@pytest.fixture
def results(runs: list[Run], tmp_path: Path) -> Path:
    for run in runs:
        store.save(tmp_path, failure(run))
    return tmp_path


def arguments(results: Path, **given: str) -> Namespace:
    names = ("benchmark", "profile", "scenario", "method", "status", "place")
    return Namespace(results=results, **{name: given.get(name) for name in names})


@pytest.mark.parametrize(
    ("given", "seeds_and_methods"),
    [
        ({"profile": "tuning"}, {(0, "ewc")}),
        (
            {"benchmark": "split_mnist", "profile": "smoke", "scenario": "task-il"},
            {(0, "ewc"), (1, "ewc"), (0, "si")},
        ),
        ({"scenario": "class-il"}, {(2, "ewc")}),
        ({"method": "si"}, {(0, "si")}),
        ({"status": "finished"}, set()),
        ({"place": "packed"}, set()),
        ({"status": "failed", "place": "folder", "method": "si"}, {(0, "si")}),
    ],
)
def test_runs_meet_every_option(
    results: Path, given: dict[str, str], seeds_and_methods: set[tuple[int, str]]
) -> None:
    found = chosen_runs(arguments(results, **given), take_inventory(results).runs)
    records = [run.record for run in found]
    assert {(r.run.seed, r.run.baseline) for r in records if r} == seeds_and_methods


def test_ids_are_met_by_their_beginnings(results: Path, runs: list[Run]) -> None:
    stored = take_inventory(results).runs
    found = chosen_runs(arguments(results), stored, [runs[1].id[:12], runs[2].id])
    assert {run.run_id for run in found} == {runs[1].id, runs[2].id}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"benchmark": "split_mnst"}, r"unknown benchmark in .*; did you mean 'split_mnist'"),
        ({"profile": "tunnig"}, "did you mean 'tuning'"),
        ({"method": "hat"}, r"unknown method in .* 'hat'. There are: ewc, si\."),
    ],
)
def test_what_no_run_has_is_refused(results: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        chosen_runs(arguments(results, **given), take_inventory(results).runs)


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        ({}, [("permuted_mnist", "smoke"), ("split_mnist", "smoke"), ("split_mnist", "tuning")]),
        ({"benchmark": "split_mnist"}, [("split_mnist", "smoke"), ("split_mnist", "tuning")]),
        ({"benchmark": "split_mnist", "profile": "tuning"}, [("split_mnist", "tuning")]),
    ],
)
def test_pairs_of_benchmark_and_profile(
    results: Path, given: dict[str, str], pairs: list[tuple[str, str]]
) -> None:
    assert list(chosen_pairs(arguments(results, **given))) == pairs


def test_a_profile_is_one_of_its_benchmark(results: Path) -> None:
    with pytest.raises(ArgumentError, match=r"'tuning'. There are: smoke\."):
        list(chosen_pairs(arguments(results, benchmark="permuted_mnist", profile="tuning")))


def test_a_run_is_found_by_the_beginning_of_its_id(results: Path, runs: list[Run]) -> None:
    [found] = find_run(results, runs[0].id[:10])
    assert (found.run_id, found.place) == (runs[0].id, "folder")
    for nothing in ("", "zz"):
        with pytest.raises(ArgumentError, match=f"no run has the id '{nothing}'"):
            find_run(results, nothing)


@pytest.mark.parametrize(("number", "ending"), [(2, "a0, a1"), (9, "a0, a1, .*, a7, ...")])
def test_a_beginning_that_several_share_names_some_of_them(
    number: int, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored(run_id: str) -> StoredRun:
        return StoredRun("b", "p", "m", run_id, "folder", tmp_path / run_id, None)

    runs = [stored(f"a{digit}") for digit in range(number)] + [stored("b0")]
    taken: Callable[[Path], Any] = lambda results: inventory.Inventory(runs)  # noqa: E731
    monkeypatch.setattr(inventory, "take_inventory", taken)
    with pytest.raises(ArgumentError, match=f"{number} ids begin with 'a', .* of it: {ending}$"):
        find_run(tmp_path, "a")
