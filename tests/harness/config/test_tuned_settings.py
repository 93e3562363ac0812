"""The files of tuned settings, and which of them a method takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from baselines.context import Context
from baselines.interface import Baseline, setting
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.resolution import resolve
from harness.config.settings import SettingError
from harness.config.tuned_settings import TUNED, Choice, best_known, tuned
from harness.tuning.choices import save_choices


@dataclass(frozen=True)
class Example(Baseline):
    name: ClassVar[str] = "example"
    title: ClassVar[str] = "Example"
    reference: ClassVar[str] = "none"
    paper_settings: ClassVar[dict[str, dict[str, Any]]] = {"split_cifar100_20": {"units": 1}}

    units: int = setting(5, "of the layer")
    layers: int = setting(5, "of the network")

    def build(self, context: Context) -> Any:
        raise NotImplementedError


class Follower(Example):
    name: ClassVar[str] = "follower"
    tuning_source: ClassVar[str] = "example"


def choice(**settings: int) -> Choice:
    return Choice("task-il", "none", "example", settings, "a/study.json")


def best(benchmark: str, folder: Path, profile: str = "default") -> dict[str, Any]:
    return best_known(BENCHMARKS[benchmark], "task-il", "none", profile, Example, folder)


def test_choices_are_by_scenario_normalisation_and_method_and_name_their_study(
    tmp_path: Path,
) -> None:
    assert tuned("split_mnist", tmp_path) == []
    save_choices("split_mnist", [choice(units=9)], tmp_path / "new" / "folder")
    [file] = (tmp_path / "new" / "folder").iterdir()  # nothing unfinished beside it
    entry = {"settings": {"units": 9}, "study": "a/study.json"}
    assert json.loads(file.read_text()) == {"task-il": {"none": {"example": entry}}}
    assert tuned("split_mnist", tmp_path / "new" / "folder") == [choice(units=9)]


def test_choices_are_merged_with_those_of_others(tmp_path: Path) -> None:
    others = [
        Choice("task-il", "none", "other", {"x": 2}, "b"),
        Choice("task-il", "shared", "example", {"units": 2}, "c"),
        Choice("class-il", "none", "example", {"units": 4}, "d"),
    ]
    save_choices("split_mnist", [choice(units=1), *others], tmp_path)
    save_choices("split_mnist", [choice(units=3)], tmp_path)
    found = tuned("split_mnist", tmp_path)
    assert len(found) == 4
    assert all(one in found for one in [choice(units=3), *others])


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        "[]",
        '{"task-il": 3}',
        '{"task-il": {"none": {"example": {"settings": {}}}}}',
        '{"example": {"settings": {"units": 9}, "scores": {}}}',  # as it was before scenarios
    ],
)
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    (tmp_path / "split_mnist.json").write_text(damage)
    with pytest.raises(SettingError, match=r"split_mnist\.json .* is damaged"):
        tuned("split_mnist", tmp_path)
    with pytest.raises(SettingError, match="is damaged"):
        save_choices("split_mnist", [choice(units=1)], tmp_path)


def test_a_choice_counts_in_its_scenario_and_with_its_normalisation_alone(tmp_path: Path) -> None:
    save_choices("split_mnist", [choice(units=9)], tmp_path)
    benchmark = BENCHMARKS["split_mnist"]
    assert best("split_mnist", tmp_path) == {"units": 9}
    for scenario, norm in (("class-il", "none"), ("task-il", "shared")):
        assert best_known(benchmark, scenario, norm, "default", Example, tmp_path) == {}


def test_the_nearest_benchmark_with_choices_counts(tmp_path: Path) -> None:
    assert best("split_cifar100_20_small_stem", tmp_path) == {}
    save_choices("split_cifar100", [choice(units=1, layers=1)], tmp_path)
    assert best("split_cifar100_20_small_stem", tmp_path) == {"units": 1, "layers": 1}
    save_choices("split_cifar100_20_small_stem", [choice(units=2)], tmp_path)
    assert best("split_cifar100_20_small_stem", tmp_path) == {"units": 2}
    assert best("split_cifar100_20", tmp_path) == {"units": 1, "layers": 1}


def test_a_method_may_take_the_choices_of_another(tmp_path: Path) -> None:
    save_choices("split_mnist", [choice(units=7)], tmp_path)
    benchmark = BENCHMARKS["split_mnist"]
    found = best_known(benchmark, "task-il", "none", "default", Follower, tmp_path)
    assert found == {"units": 7}


@pytest.mark.parametrize("name", ["split_cifar100_20", "split_cifar100_20_small_stem"])
def test_the_papers_settings_are_on_top_in_its_profile_alone(name: str, tmp_path: Path) -> None:
    save_choices("split_cifar100", [choice(units=9, layers=9)], tmp_path)
    assert best(name, tmp_path) == {"units": 9, "layers": 9}
    assert best(name, tmp_path, "paper") == {"units": 1, "layers": 9}
    assert best("split_cifar100", tmp_path, "paper") == {"units": 9, "layers": 9}


def test_the_profile_of_the_paper_has_its_settings_of_rmn() -> None:
    benchmark, rmn = BENCHMARKS["split_cifar100_20"], methods()["rmn"]
    usual, papers = (
        resolve(rmn, best_known(benchmark, "task-il", "per-task", profile, rmn), {}).values
        for profile in ("default", "paper")
    )
    assert (usual["pruning"], usual["beta_end"]) == ("none", 2000)
    assert (papers["pruning"], papers["beta_end"]) == ("converged", None)
    assert (papers["prune_below"], papers["mapping_lr"]) == (0.01, 0.01)


@pytest.mark.parametrize("path", sorted(TUNED.glob("*.json")), ids=lambda path: path.stem)
def test_every_committed_choice_is_one_that_its_method_takes(path: Path) -> None:
    for one in tuned(path.stem):
        values = resolve(methods()[one.method], one.settings, {}).values
        assert {key: values[key] for key in one.settings} == one.settings
