"""The settings that were chosen for each benchmark, and those that the paper prescribes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from baselines.interface import Baseline
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.budgets import PAPER
from harness.config.settings import SettingError

TUNED: Final = Path(__file__).parent / "tuned"
"""Folder of the choices that come with the package."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that a study chose for a method on a benchmark.

    Attributes:
        scenario: name of it (`harness.config.scenarios`).
        norm: normalisation that the method had (`training.norm`), decided.
        method: its name.
        settings: those that were searched.
        study: file of the study, below the folder of results.
    """

    scenario: str
    norm: str
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    study: str = ""


def tuned(benchmark: str, folder: Path = TUNED) -> list[Choice]:
    """What `python -m harness.tune` chose for a benchmark; often nothing.

    Args:
        benchmark: its name.
        folder: of the files of choices.

    Raises:
        SettingError: the file is damaged.
    """
    path = folder / f"{benchmark}.json"
    if not path.exists():
        return []
    try:
        return list(_choices(json.loads(path.read_text())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(f"{path.name} of the tuned settings is damaged: {error!r}") from error


def best_known(
    benchmark: Benchmark,
    scenario: str,
    norm: str,
    profile: str,
    method: type[Baseline],
    folder: Path = TUNED,
) -> dict[str, Any]:
    """The settings that a method has in a comparison instead of its defaults.

    Those that the benchmark itself declares; on top those tuned on it in the scenario with the
    normalisation, or else on the nearest of its tuning sources that has any; in the profile
    `paper`, the paper's own on top.

    Args:
        benchmark: which tasks.
        scenario: name of it.
        norm: normalisation that the method has, decided (`harness.config.scenarios`).
        profile: name of the profile.
        method: which method.
        folder: of the files of choices.

    Raises:
        SettingError: a file of choices is damaged.
    """
    best: dict[str, Any] = dict(benchmark.settings.get(scenario, {}).get(method.name, {}))
    if choice := choice_for(benchmark, scenario, norm, method, folder):
        best |= choice.settings
    if profile == PAPER:
        declared_for = method.paper_settings
        best |= declared_for.get(benchmark.name, declared_for.get(benchmark.variant_of, {}))
    return best


def choice_for(
    benchmark: Benchmark, scenario: str, norm: str, method: type[Baseline], folder: Path = TUNED
) -> Choice | None:
    """What was chosen for a method on a benchmark, or else on the nearest of its tuning sources.

    Args:
        benchmark: which tasks.
        scenario: name of it.
        norm: normalisation that the method has, decided.
        method: which method.
        folder: of the files of choices.

    Raises:
        SettingError: a file of choices is damaged.
    """
    sought = scenario, norm, method.tuning_source or method.name
    for source in _sources(benchmark):
        for one in tuned(source.name, folder):
            if (one.scenario, one.norm, one.method) == sought:
                return one
    return None


def _choices(content: Any) -> Iterator[Choice]:
    for scenario, norms in content.items():
        for norm, methods in norms.items():
            for name, entry in methods.items():
                yield Choice(scenario, norm, name, dict(entry["settings"]), str(entry["study"]))


def _sources(benchmark: Benchmark) -> Iterator[Benchmark]:
    """The benchmark and those that it takes settings from, the nearest first."""
    yield benchmark
    while benchmark.tuning_source:
        benchmark = benchmarks()[benchmark.tuning_source]
        yield benchmark
