"""What `python -m harness.study` reads: a search over settings of a method and its budget; pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Final

from baselines.interface import Baseline, Choices, Range
from harness.config.benchmark_budgets import check_budget, tuning_budget
from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.config.plan import is_compatible
from harness.config.resolution import TRAINING, resolve_budget
from harness.config.run import Run
from harness.config.scenarios import allowed_scenarios, scenarios_of
from harness.config.search_spaces import Search, Space
from harness.config.settings import Setting, SettingError, declared
from harness.config.suggestions import unknown

SAMPLERS: Final = ("tpe", "random", "grid")
STOPPING: Final = ("asha", "never")
REDUCTION: Final = 3
"""Of the trials that have come as far, one in so many goes on (Li et al. 2020)."""

_FEWEST: Final = 2
"""Tasks of the shortest runs: after one there is nothing to forget."""

_KEYS: Final = (
    *("benchmark", "method", "scenario", "sampler", "trials", "seeds", "stop", "search", "set"),
)
_ENDS: Final = {"low", "high"}
"""Keys of a range."""

_NEEDED: Final = ("benchmark", "method", "search")


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A search, checked.

    Attributes:
        name: of the file, without its ending.
        benchmark: the tasks.
        scenario: name of it.
        method: whose settings are searched.
        budget: of every run, but for what is searched of it.
        space: what is searched, by names such as "ewc.ewc_lambda" and "training.learning_rate".
        sampler: one of `SAMPLERS`.
        trials: number of trials.
        seeds: number of seeds of each.
        rungs: number of tasks after which trials are compared, rising; the last one is that of the
            stream.
    """

    name: str
    benchmark: Benchmark
    scenario: str
    method: type[Baseline]
    budget: TrainingBudget
    space: Space
    sampler: str
    trials: int
    seeds: int
    rungs: tuple[int, ...]

    @property
    def known(self) -> dict[str, Setting]:
        """Every setting that can be searched, by its name in the file."""
        return _known(self.method)

    def grid(self) -> list[dict[str, Any]]:
        """Every combination of the values; none where a setting has a range."""
        values = [one.values if isinstance(one, Choices) else () for one in self.space.values()]
        return [dict(zip(self.space, one, strict=True)) for one in product(*values)]

    def run(self, settings: Mapping[str, Any], number: int, tasks: int) -> Run:
        """The run of a trial with one of its seeds, over the first tasks of the stream.

        Args:
            settings: those that are searched.
            number: of the seed, from 0; it is none that a comparison has.
            tasks: number of tasks.

        Raises:
            SettingError: a setting cannot have such a value, or the stream not such a setting.
        """
        texts: dict[str, dict[str, str]] = {TRAINING: {}, self.method.name: {}}
        for name, value in settings.items():
            owner, _, setting = name.partition(".")
            texts[owner][setting] = str(value)
        budget, _ = resolve_budget(self.budget, texts[TRAINING])
        check_budget(self.benchmark, budget)
        whole = budget.tasks or self.benchmark.tasks
        budget = replace(budget, tasks=budget.tasks if tasks == whole else tasks)
        search = Search(
            self.benchmark, self.scenario, self.method, budget, {}, self.trials, self.seeds
        )
        return search.run(texts[self.method.name], number)


def read_study(
    path: Path,
    benchmarks: Mapping[str, Benchmark],
    methods: Mapping[str, type[Baseline]],
    threads: int | None = None,
) -> StudyPlan:
    """The study of a file.

    Args:
        path: a TOML file; docs/studies.md has its keys.
        benchmarks: every benchmark by name.
        methods: every method by name.
        threads: of --threads, which is the same as training.threads; None where it was not given.

    Raises:
        SettingError: it cannot be read, or something in it is unknown or impossible; says what to
            write instead.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} cannot be read: {error}") from error
    try:
        return _plan(path.stem, content, benchmarks, methods, threads)
    except (SettingError, ValueError, TypeError) as error:
        raise SettingError(f"{path}: {error}") from error


def _plan(
    name: str,
    content: Mapping[str, Any],
    benchmarks: Mapping[str, Benchmark],
    methods: Mapping[str, type[Baseline]],
    threads: int | None,
) -> StudyPlan:
    for key in content:
        _among("key", key, _KEYS)
    for key in _NEEDED:
        if key not in content:
            raise SettingError(f"{key} is missing; docs/studies.md shows a whole file")
    benchmark = benchmarks[_among("benchmark", content["benchmark"], benchmarks)]
    method = methods[_among("method", content["method"], methods)]
    if not is_compatible(benchmark, method):
        raise SettingError(f"{method.name} cannot be trained on {benchmark.name}")
    scenario = content.get("scenario", scenarios_of(benchmark)[0])
    _among("scenario", scenario, allowed_scenarios(benchmark))
    sampler = _among("sampler", content.get("sampler", "tpe"), SAMPLERS)
    stop = _among("value of stop", content.get("stop", "never"), STOPPING)
    given = {key: str(value) for key, value in content.get("set", {}).items()}
    budget = tuning_budget(benchmark, _of_budget(given), threads)
    known = _known(method)
    space = {key: _searched(key, one, known) for key, one in content["search"].items()}
    tasks = budget.tasks or benchmark.tasks
    found = StudyPlan(
        name=name,
        benchmark=benchmark,
        scenario=scenario,
        method=method,
        budget=budget,
        space=space,
        sampler=sampler,
        trials=_count("trials", content.get("trials", 20)),
        seeds=_count("seeds", content.get("seeds", 1)),
        rungs=_rungs(tasks) if stop == "asha" else (tasks,),
    )
    if sampler == "grid":
        if not found.grid():
            raise SettingError("sampler grid needs a list of values for each setting")
        found = replace(found, trials=min(found.trials, len(found.grid())))
        if "trials" not in content:
            found = replace(found, trials=len(found.grid()))
    for rung in found.rungs:  # refuses what the stream or the scenario does not allow
        found.run({}, 0, rung)
    return found


def _of_budget(given: Mapping[str, str]) -> dict[str, str]:
    """What [set] says of the budget, by field."""
    fields = {}
    for key, value in given.items():
        owner, _, name = key.partition(".")
        if owner != TRAINING or name not in declared(TrainingBudget):
            known = [f"{TRAINING}.{one}" for one in declared(TrainingBudget)]
            raise SettingError(unknown("setting", key, known))
        fields[name] = value
    return fields


def _known(method: type[Baseline]) -> dict[str, Setting]:
    own = {f"{method.name}.{name}": one for name, one in declared(method).items()}
    budget = {f"{TRAINING}.{name}": one for name, one in declared(TrainingBudget).items()}
    fixed = ("tasks", "validation", "class_order", "threads")
    return own | {key: one for key, one in budget.items() if key.partition(".")[2] not in fixed}


def _searched(name: str, given: Any, known: Mapping[str, Setting]) -> Range | Choices:
    """A list of values, or a table of the two ends of a range."""
    setting = known[_among("setting", name, known)]
    if not isinstance(given, list) and (not isinstance(given, dict) or set(given) != _ENDS):
        raise SettingError(f"{name}: write a list of values, or {{ low = 1.0, high = 100.0 }}")
    try:
        if isinstance(given, list):
            return Choices(tuple(setting.parse(str(value)) for value in given))
        return Range(setting.parse(str(given["low"])), setting.parse(str(given["high"])))
    except (SettingError, ValueError) as error:
        raise SettingError(f"{name}: {error}") from None


def _rungs(tasks: int) -> tuple[int, ...]:
    """Numbers of tasks, each `REDUCTION` times the one before, up to the whole stream."""
    reached = max(_FEWEST, -(-tasks // REDUCTION**2))
    rungs = []
    while reached < tasks:
        rungs.append(reached)
        reached *= REDUCTION
    return (*rungs, tasks)


def _among(kind: str, name: Any, known: Iterable[str]) -> str:
    names = list(known)
    if name not in names:
        raise SettingError(unknown(kind, str(name), names))
    return str(name)


def _count(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 10_000:
        raise SettingError(f"{name} is {value!r}; write a whole number from 1 to 10000")
    return value
