"""Studies on disk and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.storage import studies
from harness.storage.studies import Study, Trial, TrialRun

STUDY = Study(
    benchmark="split_mnist",
    scenario="task-il",
    norm="none",
    method="ewc",
    training={"epochs": 5, "train_examples": None},
    space={"ewc_lambda": {"low": 1.0, "high": 1e6}, "mode": {"values": ("separate", "online")}},
    sampler={"name": "a sampler", "seed": 0},
    trials=(
        Trial(
            0,
            {"ewc_lambda": 100.0, "mode": "online"},
            (TrialRun("a", 10_000, (0.1, 1 / 3)), TrialRun("b", 10_001, (0.5, 0.7))),
        ),
        Trial(1, {"ewc_lambda": 7e-5, "mode": "separate"}, (TrialRun("c", 10_000, ()),), True),
    ),
    chosen=0,
    at_edge=("ewc_lambda",),
)
FILE = "split_mnist/studies/task-il.none.ewc.json"


def test_a_study_comes_back_as_it_was(tmp_path: Path) -> None:
    assert studies.save(tmp_path, STUDY) == tmp_path / FILE
    assert studies.read(tmp_path, "split_mnist").studies == [STUDY]
    assert list((tmp_path / FILE).parent.iterdir()) == [tmp_path / FILE]


def test_a_later_study_of_the_same_search_takes_its_place(tmp_path: Path) -> None:
    studies.save(tmp_path, STUDY)
    studies.save(tmp_path, replace(STUDY, at_edge=()))
    studies.save(tmp_path, replace(STUDY, norm="shared"))
    assert [one.norm for one in studies.read(tmp_path, "split_mnist").studies] == ["none", "shared"]
    assert studies.read(tmp_path, "split_mnist").studies[0].at_edge == ()


def test_its_value_is_the_mean_over_seeds_of_the_average_accuracy() -> None:
    assert STUDY.trials[0].value == pytest.approx(((0.1 + 1 / 3) / 2 + 0.6) / 2)
    assert STUDY.trials[1].value == 0  # it diverged
    assert STUDY.settings == {"ewc_lambda": 100.0, "mode": "online"}


def test_a_file_has_a_line_for_each_trial_with_its_value(tmp_path: Path) -> None:
    text = studies.save(tmp_path, STUDY).read_text()
    lines = [json.loads(line.rstrip(",")) for line in text.splitlines() if '"number"' in line]
    assert [line["value"] for line in lines] == [trial.value for trial in STUDY.trials]


def drop(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda content: content.pop(name)


@pytest.mark.parametrize(
    "damage",
    [
        drop("schema"),
        drop("trials"),
        drop("norm"),
        lambda content: content.update(schema=2),
        lambda content: content.update(more=1),
        lambda content: content.update(chosen=1),  # it was pruned
        lambda content: content.update(chosen=2),
        lambda content: content["trials"].pop(0),
        lambda content: content["trials"][0]["runs"][0].update(accuracies=["x"]),
    ],
)
def test_a_damaged_study_is_named_and_left_alone(
    damage: Callable[[dict[str, Any]], Any], tmp_path: Path
) -> None:
    path = studies.save(tmp_path, STUDY)
    studies.save(tmp_path, replace(STUDY, method="si"))
    content = json.loads(path.read_text())
    damage(content)
    path.write_text(json.dumps(content))
    found = studies.read(tmp_path, "split_mnist")
    assert [one.method for one in found.studies] == ["si"]
    assert set(found.damaged) == {path}
    path.write_text("{")
    assert set(studies.read(tmp_path, "split_mnist").damaged) == {path}


def test_a_benchmark_may_have_none(tmp_path: Path) -> None:
    assert studies.read(tmp_path, "split_mnist") == studies.Studies()
