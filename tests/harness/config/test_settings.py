"""Settings: what text means for each declared type, and which source wins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from harness.cli.request import read

from baselines.interface import Baseline, Context, setting
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.resolution import assignments, resolve, tuned
from harness.config.settings import Setting, SettingError, declared
from harness.config.suggestions import unknown


@dataclass(frozen=True)
class Example(Baseline):
    name: ClassVar[str] = "example"
    title: ClassVar[str] = "Example"
    reference: ClassVar[str] = "none"

    strength: float = setting(1, "of the penalty", minimum=0, maximum=10)
    units: int = setting(5, "of the layer", minimum=1)
    mode: Literal["separate", "online"] = setting("separate", "of the importances")
    decay: float | None = setting(None, "of the importances")
    sparse: bool = setting(False, "whether")
    note: str | None = setting(None, "free text")

    def __post_init__(self) -> None:
        if self.mode == "online" and self.decay is None:
            raise ValueError("mode=online needs a decay")

    def build(self, context: Context) -> Any:
        raise NotImplementedError


KNOWN = declared(Example)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("strength", "2", 2.0),
        ("strength", "1e-3", 0.001),
        ("strength", "0", 0.0),
        ("strength", "10", 10.0),
        ("units", "7", 7),
        ("mode", "online", "online"),
        ("decay", "none", None),
        ("decay", "None", None),
        ("decay", "0.5", 0.5),
        ("sparse", "true", True),
        ("sparse", "False", False),
        ("note", "none", None),
        ("note", "a=b", "a=b"),
    ],
)
def test_text_becomes_a_value_of_the_declared_type(name: str, text: str, value: Any) -> None:
    parsed = KNOWN[name].parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("strength", "much", "a number, at least 0 and at most 10"),
        ("strength", "-0.1", "at least 0"),
        ("strength", "10.1", "at most 10"),
        ("strength", "nan", "a number"),
        ("strength", "inf", "a number"),
        ("units", "2.5", "a whole number, at least 1"),
        ("units", "0", "at least 1"),
        ("mode", "offline", "separate or online"),
        ("decay", "some", "a number, or none"),
        ("sparse", "1", "true or false"),
    ],
)
def test_impossible_value_is_refused_with_what_is_allowed(
    name: str, text: str, allowed: str
) -> None:
    with pytest.raises(SettingError) as refusal:
        KNOWN[name].parse(text)
    assert str(refusal.value).startswith(f"{name} must be ")
    assert allowed in str(refusal.value)
    assert repr(text) in str(refusal.value)


def test_command_line_beats_tuned_beats_default() -> None:
    resolved = resolve(Example, {"strength": 4, "units": 6}, {"units": "8", "sparse": "true"})
    assert resolved.values == {
        "strength": 4.0,
        "units": 8,
        "mode": "separate",
        "decay": None,
        "sparse": True,
        "note": None,
    }
    assert resolved.changed == "units=8, sparse=True"


def test_giving_the_default_changes_nothing() -> None:
    assert resolve(Example, {"strength": 4}, {"strength": "4.0"}) == resolve(
        Example, {"strength": 4.0}, {}
    )


def test_integer_default_of_a_float_is_a_float() -> None:
    assert type(resolve(Example, {}, {}).values["strength"]) is float


def test_the_methods_own_check_is_heard() -> None:
    with pytest.raises(SettingError, match=r"^example: mode=online needs a decay$"):
        resolve(Example, {}, {"mode": "online"})


def test_refused_value_names_the_method() -> None:
    with pytest.raises(SettingError, match=r"^example\.units must be"):
        resolve(Example, {}, {"units": "x"})


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
def test_tuned_settings_come_from_the_nearest_benchmark_that_has_them(
    name: str, method: str, source: str
) -> None:
    best = tuned(source)[method]
    assert best != {}
    assert BENCHMARKS[source].training is BENCHMARKS[name].training
    request = read(["--benchmark", name, "--methods", method])
    assert {key: request.settings[method].values[key] for key in best} == best


def test_the_paper_profile_takes_the_papers_own_settings() -> None:
    def settings(*words: str) -> Mapping[str, Any]:
        request = read(["--benchmark", "split_cifar100_20", "--methods", "rmn", *words])
        return request.settings["rmn"].values

    assert settings()["prune_below"] == 0.05
    assert settings("--profile", "paper")["prune_below"] == 0.01
    assert settings("--profile", "paper")["mapping_lr"] == 0.01
    changed = settings("--profile", "paper", "--set", "rmn.prune_below=0.1")
    assert changed["prune_below"] == 0.1


def test_cores_are_shared_between_runs_and_their_threads(monkeypatch):
    monkeypatch.setattr("harness.cli.request.cores", lambda: 8)

    def shared(*words: str) -> tuple[int, int]:
        request = read(["--benchmark", "split_mnist", *words])
        return request.jobs, request.threads

    assert shared() == (8, 1)
    assert shared("--threads", "3") == (2, 3)
    assert shared("--threads", "16") == (1, 16)
    assert shared("--threads", "3", "--jobs", "4") == (4, 3)


def test_stale_tuned_setting_is_named() -> None:
    with pytest.raises(SettingError, match="did you mean 'strength'"):
        resolve(Example, {"strenght": 1}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("example.strenght=1", "did you mean 'strength'"),
        ("exmaple.strength=1", "did you mean 'example'"),
        ("strength=1", "METHOD.SETTING=VALUE"),
        ("example.strength", "METHOD.SETTING=VALUE"),
    ],
)
def test_unreadable_assignment_is_refused(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        assignments([text], {"example": Example})


def test_assignments_by_method_and_setting() -> None:
    given = assignments(["example.units=3", "example.note=a.b=c"], {"example": Example})
    assert given == {"example": {"units": "3", "note": "a.b=c"}}
    with pytest.raises(SettingError, match="twice"):
        assignments(["example.units=3", "example.units=4"], {"example": Example})


def test_tuned_file(tmp_path: Path) -> None:
    assert tuned("split_mnist", tmp_path) == {}
    path = tmp_path / "split_mnist.json"
    path.write_text(json.dumps({"example": {"settings": {"units": 9}, "score": 1.0}}))
    assert tuned("split_mnist", tmp_path) == {"example": {"units": 9}}
    path.write_text("{")
    with pytest.raises(SettingError, match=r"split_mnist\.json"):
        tuned("split_mnist", tmp_path)


def test_nearest_name_is_suggested_only_if_near() -> None:
    assert "did you mean 'split_mnist'?" in unknown("benchmark", "Split-MNIST", ["split_mnist"])
    far = unknown("benchmark", "zzz", ["split_mnist", "permuted_mnist"])
    assert far == "unknown benchmark 'zzz'. There are: split_mnist, permuted_mnist."


def test_unsupported_type_is_a_programming_error() -> None:
    @dataclass(frozen=True)
    class Strange(Example):
        sizes: tuple[int, ...] = setting((1,), "of the layers")

    with pytest.raises(TypeError, match="a setting cannot be a tuple"):
        declared(Strange)


@pytest.mark.parametrize("name", methods())
def test_every_registered_method_accepts_its_own_defaults(name: str) -> None:
    settings: dict[str, Setting] = declared(methods()[name])
    assert all(entry.help for entry in settings.values())
    assert resolve(methods()[name], {}, {}).changed == ""
