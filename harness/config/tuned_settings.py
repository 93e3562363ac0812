"""The settings that were chosen for each benchmark, and those that the paper prescribes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from baselines.interface import Baseline
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import PAPER
from harness.config.settings import SettingError

TUNED: Final = Path(__file__).parent / "tuned"


def tuned(benchmark: str, folder: Path = TUNED) -> dict[str, dict[str, Any]]:
    """The settings chosen for a benchmark by `python -m harness.tune`, by method; often none.

    Args:
        benchmark: its name.
        folder: of the files of choices.

    Raises:
        SettingError: the file is damaged.
    """
    path = folder / f"{benchmark}.json"
    if not path.exists():
        return {}
    try:
        return {
            name: dict(entry["settings"]) for name, entry in json.loads(path.read_text()).items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingError(f"{path.name} of the tuned settings is damaged: {error!r}") from error


def best_known(
    benchmark: Benchmark, profile: str, method: type[Baseline], folder: Path = TUNED
) -> dict[str, Any]:
    """The settings that a method has on a benchmark instead of its defaults.

    Those tuned on the benchmark, or else on the nearest of its tuning sources that has any; in the
    profile `paper`, the paper's own on top.

    Args:
        benchmark: which tasks.
        profile: name of the profile.
        method: which method.
        folder: of the files of choices.

    Raises:
        SettingError: a file of choices is damaged.
    """
    source, found = benchmark, tuned(benchmark.name, folder)
    name = method.tuning_source or method.name
    while name not in found and source.tuning_source:
        source = BENCHMARKS[source.tuning_source]
        found = tuned(source.name, folder)
    best = found.get(name, {})
    if profile == PAPER:
        declared_for = method.paper_settings
        best |= declared_for.get(benchmark.name, declared_for.get(benchmark.variant_of, {}))
    return best


def save_choices(benchmark: str, chosen: Mapping[str, Any], folder: Path = TUNED) -> None:
    """Merge choices with those that other methods have already; whole or not at all.

    Args:
        benchmark: its name.
        chosen: by method, its `settings` and the `scores` of all candidates.
        folder: of the files of choices.
    """
    path = folder / f"{benchmark}.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({**before, **chosen}, indent=2, sort_keys=True) + "\n")
    unfinished.replace(path)
