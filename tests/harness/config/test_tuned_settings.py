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
from harness.config.tuned_settings import TUNED, best_known, save_choices, tuned


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


def choose(folder: Path, benchmark: str, **settings: int) -> None:
    save_choices(benchmark, {"example": {"settings": settings, "scores": {}}}, folder)


def best(benchmark: str, folder: Path, profile: str = "default") -> dict[str, Any]:
    return best_known(BENCHMARKS[benchmark], profile, Example, folder)


def test_a_file_of_choices_is_read_or_absent_or_damaged(tmp_path: Path) -> None:
    assert tuned("split_mnist", tmp_path) == {}
    path = tmp_path / "split_mnist.json"
    path.write_text(json.dumps({"example": {"settings": {"units": 9}, "score": 1.0}}))
    assert tuned("split_mnist", tmp_path) == {"example": {"units": 9}}
    for damage in ("{", "[]", '{"example": {}}', '{"example": {"settings": 3}}'):
        path.write_text(damage)
        with pytest.raises(SettingError, match=r"split_mnist\.json .* is damaged"):
            tuned("split_mnist", tmp_path)


def test_choices_are_merged_with_those_of_other_methods(tmp_path: Path) -> None:
    choose(tmp_path / "new", "split_mnist", units=1)
    other = {"other": {"settings": {"x": 2}, "scores": {"x=2": 0.5}}}
    save_choices("split_mnist", other, tmp_path / "new")
    choose(tmp_path / "new", "split_mnist", units=3)
    [file] = (tmp_path / "new").iterdir()  # nothing unfinished beside it
    assert json.loads(file.read_text()) == {
        "example": {"settings": {"units": 3}, "scores": {}},
        **other,
    }


def test_the_nearest_benchmark_with_choices_counts(tmp_path: Path) -> None:
    name = "split_cifar100_20_heads"  # tuned as split_cifar100_heads, and that as split_cifar100
    assert best(name, tmp_path) == {}
    choose(tmp_path, "split_cifar100", units=1, layers=1)
    assert best(name, tmp_path) == {"units": 1, "layers": 1}
    choose(tmp_path, "split_cifar100_heads", units=2)
    assert best(name, tmp_path) == {"units": 2}
    choose(tmp_path, name, units=3)
    assert best(name, tmp_path) == {"units": 3}
    assert best("split_cifar100", tmp_path) == {"units": 1, "layers": 1}


def test_a_method_may_take_the_choices_of_another(tmp_path: Path) -> None:
    choose(tmp_path, "split_mnist", units=7)
    assert best_known(BENCHMARKS["split_mnist"], "default", Follower, tmp_path) == {"units": 7}


@pytest.mark.parametrize("name", ["split_cifar100_20", "split_cifar100_20_heads"])
def test_the_papers_settings_are_on_top_in_its_profile_alone(name: str, tmp_path: Path) -> None:
    choose(tmp_path, "split_cifar100", units=9, layers=9)
    assert best(name, tmp_path) == {"units": 9, "layers": 9}
    assert best(name, tmp_path, "paper") == {"units": 1, "layers": 9}
    assert best("split_cifar100", tmp_path, "paper") == {"units": 9, "layers": 9}


@pytest.mark.parametrize(
    ("name", "method", "source"),
    [
        ("split_cifar100_20", "rmn", "split_cifar100"),
        ("split_cifar100_heads", "rmn", "split_cifar100"),
        ("split_cifar100_20_heads", "rmn", "split_cifar100"),
        ("split_cifar100_heads", "ewc", "split_cifar100_heads"),
        ("split_cifar100_20_heads", "ewc", "split_cifar100_heads"),
        ("split_omniglot_heads", "hat", "split_omniglot"),
    ],
)
def test_the_committed_choices_reach_the_variants(name: str, method: str, source: str) -> None:
    found = best_known(BENCHMARKS[name], "default", methods()[method])
    assert found == tuned(source)[method] != {}
    assert BENCHMARKS[source].budgets is BENCHMARKS[name].budgets


def test_the_profile_of_the_paper_has_its_settings_of_rmn() -> None:
    benchmark, rmn = BENCHMARKS["split_cifar100_20"], methods()["rmn"]
    usual, papers = (
        resolve(rmn, best_known(benchmark, profile, rmn), {}).values
        for profile in ("default", "paper")
    )
    assert (usual["pruning"], usual["beta_end"]) == ("none", 2000)
    assert (papers["pruning"], papers["beta_end"]) == ("converged", None)
    assert (papers["prune_below"], papers["mapping_lr"]) == (0.01, 0.01)


@pytest.mark.parametrize("path", sorted(TUNED.glob("*.json")), ids=lambda path: path.stem)
def test_every_committed_choice_is_one_that_its_method_takes(path: Path) -> None:
    for name, settings in tuned(path.stem).items():
        values = resolve(methods()[name], settings, {}).values
        assert {key: values[key] for key in settings} == settings
