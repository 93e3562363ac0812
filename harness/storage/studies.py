"""The studies of tuning on disk: results/<benchmark>/studies/<scenario>.<norm>.<method>.json.

A study is all that was tried for a method on a benchmark in a scenario, with what came of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from harness.storage.damage import DamageError, damage_named
from harness.storage.listing import files, subfolders, unlisted
from harness.storage.replacing import replacing

FOLDER: Final = "studies"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class TrialRun:
    """A run of a trial.

    Attributes:
        id: of the run in the store.
        seed: of the run.
        accuracies: on each task after the last one, on held-out training data; none of a run that
            diverged.
    """

    id: str
    seed: int
    accuracies: tuple[float, ...]

    @property
    def value(self) -> float:
        """Average accuracy after the last task; 0 for a run that diverged."""
        return fmean(self.accuracies) if self.accuracies else 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were tried.

    Attributes:
        number: of the trial, from 0.
        settings: those that were searched.
        runs: one with the first seed, and one with each other seed unless the trial was pruned.
        pruned: whether it was in the worse half of its batch with the first seed.
        beyond: the setting of which it tried values beyond those before; "" for a planned trial.
    """

    number: int
    settings: Mapping[str, Any]
    runs: tuple[TrialRun, ...]
    pruned: bool = False
    beyond: str = ""

    @property
    def value(self) -> float:
        """Mean over its seeds of the average accuracy after the last task."""
        return fmean(run.value for run in self.runs)


@dataclass(frozen=True, slots=True)
class Study:
    """All trials of a method on a benchmark in a scenario, and which was chosen.

    Attributes:
        benchmark: its name.
        scenario: its name.
        norm: normalisation that the method had.
        method: its name.
        training: budget of every run.
        space: ends, or values, of what was searched of each setting to begin with.
        sampler: what proposed the trials, with all that decides them.
        trials: in the order of their numbers.
        chosen: number of the trial with the highest value of those that were not pruned.
        at_edge: settings whose chosen value is still at the edge of what was tried.
    """

    benchmark: str
    scenario: str
    norm: str
    method: str
    training: Mapping[str, Any]
    space: Mapping[str, Mapping[str, Any]]
    sampler: Mapping[str, Any]
    trials: tuple[Trial, ...]
    chosen: int
    at_edge: tuple[str, ...] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Those that were chosen."""
        return self.trials[self.chosen].settings

    @property
    def file(self) -> str:
        """Where it is, below the folder of results."""
        return f"{self.benchmark}/{FOLDER}/{self.scenario}.{self.norm}.{self.method}.json"


@dataclass(frozen=True, slots=True)
class Studies:
    """Everything that was tried on a benchmark.

    Attributes:
        studies: in the order of their files' names.
        damaged: files that could not be read, with the reason.
    """

    studies: list[Study] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)


def save(results: Path, study: Study) -> Path:
    """Write a study, in place of an earlier one of the same name; whole or not at all.

    Args:
        results: folder of all results.
        study: what was tried.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written.
    """
    path = results / study.file
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        unfinished.write_text(_to_text(study))
    return path


def read(results: Path, benchmark: str) -> Studies:
    """The studies of a benchmark; what is damaged is named and left alone.

    Args:
        results: folder of all results.
        benchmark: its name.
    """
    folder = results / benchmark / FOLDER
    found = Studies(damaged=unlisted(folder, 0))
    for path in files(folder, ".json"):
        try:
            with damage_named():
                found.studies.append(_from_json(json.loads(path.read_bytes())))
        except DamageError as error:
            found.damaged[path] = str(error)
    return found


def benchmarks(results: Path) -> list[str]:
    """Names of the benchmarks that have studies.

    Args:
        results: folder of all results.
    """
    return [one.name for one in subfolders(results) if files(one / FOLDER, ".json")]


def _to_text(study: Study) -> str:
    """JSON with a line for each trial, which has its value for who reads the file."""
    content = {"schema": _VERSION, **asdict(study)}
    trials = zip(study.trials, content.pop("trials"), strict=True)
    lines = [json.dumps({**entry, "value": trial.value}) for trial, entry in trials]
    head = json.dumps(content, indent=1).removesuffix("\n}")
    body = ",\n  ".join(lines)
    return f'{head},\n "trials": [\n  {body}\n ]\n}}\n'


def _from_json(content: dict[str, Any]) -> Study:
    version = content.pop("schema")
    if version != _VERSION:
        raise ValueError(f"the study has version {version!r}; this program reads {_VERSION}")
    trials = tuple(_trial(entry) for entry in content.pop("trials"))
    space = {
        name: {key: _tupled(value) for key, value in one.items()}
        for name, one in content.pop("space").items()
    }
    at_edge = tuple(content.pop("at_edge"))
    study = Study(**content, space=space, trials=trials, at_edge=at_edge)
    if [trial.number for trial in trials] != list(range(len(trials))):
        raise ValueError("trials are missing")
    if study.chosen not in range(len(trials)) or trials[study.chosen].pruned:
        raise ValueError(f"trial {study.chosen!r} cannot have been chosen")
    return study


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _trial(content: dict[str, Any]) -> Trial:
    runs = tuple(
        TrialRun(run["id"], run["seed"], tuple(map(float, run["accuracies"])))
        for run in content["runs"]
    )
    return Trial(
        content["number"], dict(content["settings"]), runs, content["pruned"], content["beyond"]
    )
