"""The end of a report: budget and settings in words, formulas, provenance, what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.comparisons import comparisons, without_variants
from harness.analysis.leaderboard import leaderboard
from harness.analysis.metrics.definition import metrics
from harness.analysis.selection import select
from harness.reporting import appendix
from harness.storage import store
from harness.storage.store import Results

SaveRun = Callable[..., Path]


def budget_text(found: Results, **changes: Any) -> str:
    """What is said of a budget with some fields of its own."""
    records = [
        replace(one, run=replace(one.run, training={**one.run.training, **changes}))
        for one in found.records
    ]
    return appendix.budget(records)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "for 1 epochs a task in batches of 128"),
        ({}, "Adam at 0.002, lowered to zero along half a cosine"),
        ({}, "products are in float32"),
        ({"decay": False}, "Adam at 0.002, unless"),
        ({"decay": False, "patience": 5}, "divided by three after 5 epochs without a lower loss"),
        ({"first_epochs": 7}, "1 epochs a task (7 in the first)"),
        ({"precision": "bfloat16"}, "products are in bfloat16, weights in float32"),
        (
            {"train_examples": 1024, "test_examples": 512},
            "Of the data, it has at most 1,024 training examples a task and at most 512 test "
            "examples a task.",
        ),
    ],
)
def test_the_budget_is_said_in_words(changes: dict[str, Any], said: str, found: Results) -> None:
    assert said in budget_text(found, **changes)


def test_the_budget_is_the_profiles_own_where_a_run_has_it(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "naive", 0, 0.6, epochs=20)
    found = select(store.read(tmp_path, "split_mnist", "default"))
    assert "for 20 epochs" in appendix.budget(found.records)
    save_run(tmp_path, "rmn", 0, 0.9)
    found = select(store.read(tmp_path, "split_mnist", "default"))
    assert "for 1 epochs" in appendix.budget(found.records)


def test_settings_are_said_once_and_those_that_differ_by_scenario(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "rmn", 0, 0.8)
    for scenario in ("task-il", "class-il"):
        save_run(tmp_path, "naive", 0, 0.6, scenario=scenario)
    found = select(store.read(tmp_path, "split_mnist", "default"))
    records = [
        replace(one, run=replace(one.run, settings={**one.run.settings, "y": one.run.scenario}))
        for one in found.records
    ]
    boards = [leaderboard(one) for one in comparisons(found)]
    rows = appendix.methods_table(boards, records).rows
    assert [[cell.text for cell in row] for row in rows] == [
        ["RMN", "r", "x = 1.0, y = task-il", "–", "none"],
        ["NAIVE", "r", "x = 1.0; task-il: y = task-il; class-il: y = class-il", "–", "none"],
    ]


@pytest.mark.parametrize(("settings", "said"), [({"x": 1.0}, ""), ({"x": 3.0}, "; {}: x = 3.0")])
def test_settings_of_a_robustness_comparison_are_said_where_they_are_not_the_scenarios(
    tmp_path: Path, save_run: SaveRun, settings: dict[str, float], said: str
) -> None:
    for scenario in ("task-il", "class-il"):
        save_run(tmp_path, "naive", 0, 0.6, scenario=scenario)
    save_run(tmp_path, "naive", 0, 0.6, norm="none")
    found = select(store.read(tmp_path, "split_mnist", "default"))
    own = {"task-il": {"x": 1.0}, "class-il": {"x": 2.0}}
    records = [
        replace(
            one,
            run=replace(one.run, settings=settings if one.run.overrides else own[one.run.scenario]),
        )
        for one in found.records
    ]
    rows = appendix.methods_table([leaderboard(one) for one in comparisons(found)], records).rows
    robust = said.format("task-il, robustness: no normalisation")
    assert rows[0][2].text == f"task-il: x = 1.0{robust}; class-il: x = 2.0"


def test_a_method_that_has_variants_alone_is_among_the_methods(
    tmp_path: Path, save_run: SaveRun
) -> None:
    save_run(tmp_path, "naive", 0, 0.6)
    save_run(tmp_path, "rmn", 0, 0.8, epochs=5)
    found = select(store.read(tmp_path, "split_mnist", "default"))
    [whole] = comparisons(found)
    boards = [leaderboard(without_variants(whole)), leaderboard(whole)]
    rows = appendix.methods_table(boards, found.records).rows
    assert [row[0].text for row in rows] == ["NAIVE", "RMN"]


def test_formulas_are_of_what_was_measured(found: Results) -> None:
    [board] = [leaderboard(one) for one in comparisons(found)]
    titles = [formula["title"] for formula in appendix.formulas([board])]
    assert metrics()["acc"].title in titles
    assert metrics()["mask_density"].title in titles
    assert metrics()["switch_f1"].title not in titles
    assert len(set(titles)) == len(titles)


def test_runs_of_uncommitted_code_are_told_from_those_of_a_commit(found: Results) -> None:
    first, *others = found.records
    dirty = replace(first, provenance={**first.provenance, "dirty": True})
    rows = appendix.origins([dirty, *others])
    assert rows[rows.index(("Commit", "abc", "5")) + 1] == ("", "abc with uncommitted changes", "1")
    assert ("Versions", "torch 1", "6") in rows


def test_commits_are_short(found: Results) -> None:
    first, *_ = found.records
    long = replace(first, provenance={**first.provenance, "commit": "0123456789" * 4})
    values = [value for _, value, _ in appendix.origins([long])]
    assert "0123456789" in values
    assert not any("01234567890" in value for value in values)


def test_commands_that_make_the_same_runs_are_one(found: Results) -> None:
    start = "python -m harness.compare --benchmark split_mnist"
    ends = ("", " --results elsewhere --no-report", " --jobs 2 --no-report", " --seeds 2")
    made = [
        replace(record, provenance={**record.provenance, "command": start + end})
        for record, end in zip(found.records, ends, strict=False)
    ]
    rows = appendix.origins(made)
    place = rows.index(("Command", start, "3"))
    assert rows[place + 1 :] == [("", f"{start} --seeds 2", "1")]


def test_commands_that_differ_in_their_methods_alone_are_one(found: Results) -> None:
    start = "python -m harness.compare --benchmark split_mnist --methods"
    ends = ("rmn,ewc --seeds 2", "si,ewc --seeds 2", "mas --seeds 2", "hat")
    made = [
        replace(record, provenance={**record.provenance, "command": f"{start} {end}"})
        for record, end in zip(found.records, ends, strict=False)
    ]
    named = {value: runs for _, value, runs in appendix.origins(made) if value.startswith("python")}
    assert named == {f"{start} rmn,ewc,si,mas --seeds 2": "3", f"{start} hat": "1"}


def test_what_failed_or_is_damaged_is_named(found: Results) -> None:
    first = found.records[0]
    run = replace(first.run, seed=9)
    failed = replace(first, run=run, status="failed", error="Traceback\n  x\nValueError: no\n")
    damaged = {Path("/somewhere/0123"): "OSError: gone"}
    problems = appendix.problems(replace(found, records=[*found.records, failed], damaged=damaged))
    assert problems == [
        f"{first.run.baseline} seed 9: failed, ValueError: no",
        "somewhere/0123: damaged, OSError: gone",
    ]
    assert appendix.problems(found) == []
