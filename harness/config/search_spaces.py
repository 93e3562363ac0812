"""What tuning searches: settings of a method and their ranges, and the runs of a trial; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from baselines.interface import Baseline, Choices, Range
from harness.config.benchmarks import Benchmark
from harness.config.budgets import TUNING, TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.config.scenarios import under_scenario
from harness.config.settings import Setting, SettingError, declared
from harness.config.suggestions import canonical, shortened, unknown

Space = Mapping[str, Range | Choices]
"""What is searched of each setting."""

FIRST_SEED: Final = 10_000
"""Of tuning. No comparison can have it: there are at most so many seeds, and they begin at 0."""


@dataclass(frozen=True, slots=True)
class Search:
    """What one study is about: a method on a benchmark in a scenario.

    Attributes:
        benchmark: the tasks.
        scenario: name of it (`harness.config.scenarios`).
        method: what is tuned.
        budget: of tuning.
        space: what is searched.
        trials: number of trials, but for those that follow a best one at an edge.
        seeds: number of seeds; they begin at `FIRST_SEED`.
        defaults: at the time of the study, of what is searched and of what has another one since;
            none: those of the method now.
    """

    benchmark: Benchmark
    scenario: str
    method: type[Baseline]
    budget: TrainingBudget
    space: Space
    trials: int
    seeds: int
    defaults: Mapping[str, Any] | None = None

    @property
    def beginning(self) -> Mapping[str, Any]:
        """What the first trial tries, where the space holds it."""
        known, then = declared(self.method), self.defaults or {}
        return {name: then.get(name, known[name].default) for name in self.space}

    @property
    def training(self) -> TrainingBudget:
        """The budget as the scenario decides it; each seed draws its own order of the classes."""
        budget = replace(self.budget, class_order="seed" if self.benchmark.disjoint else None)
        return under_scenario(self.benchmark, self.scenario, self.method, budget)

    def run(self, settings: Mapping[str, Any], number: int) -> Run:
        """The run of a trial with one of the seeds.

        Args:
            settings: those that are searched; all others have the defaults of the study.
            number: of the seed, from 0.

        Raises:
            SettingError: a setting cannot have such a value, or the stream not such a setting.
        """
        name, seed = self.method.name, FIRST_SEED + number
        texts = {key: str(value) for key, value in settings.items()}
        resolved = {self.scenario: {name: resolve(self.method, self.defaults or {}, texts)}}
        [run] = plan(self.benchmark, TUNING, self.training, {name: self.method}, resolved, [seed])
        return run


def space_record(space: Space) -> dict[str, dict[str, Any]]:
    """What was searched of each setting, as a study keeps it; `recorded_space` reads it."""
    return {
        name: {key: value for key, value in asdict(one).items() if value != ()}
        for name, one in space.items()
    }


def recorded_space(record: Mapping[str, Mapping[str, Any]]) -> dict[str, Range | Choices]:
    """The space that a study keeps such a record of."""
    return {
        name: Choices(**one) if "values" in one else Range(**one) for name, one in record.items()
    }


def search_space(method: type[Baseline]) -> dict[str, Range | Choices]:
    """What tuning searches of a method's settings; nothing for most."""
    fields = method.__dataclass_fields__
    return {name: f.metadata["search"] for name, f in fields.items() if f.metadata.get("search")}


def given_spaces(
    texts: Sequence[str], methods: Mapping[str, type[Baseline]]
) -> dict[str, dict[str, Range | Choices]]:
    """The spaces of `method.setting=low..high` and `method.setting=value,value,...`.

    Args:
        texts: as typed.
        methods: the methods that are tuned, by name.

    Raises:
        SettingError: a text is not of this form, names no method that is tuned or no setting, or
            the setting cannot have such values.
    """
    found: dict[str, dict[str, Range | Choices]] = {}
    for text in texts:
        left, equals, values = text.partition("=")
        typed, dot, setting = left.partition(".")
        if not (equals and dot):
            raise SettingError(
                f"--search {shortened(text)}: write it as method.setting=low..high, or as "
                "method.setting=value,value"
            )
        name = canonical(typed, methods)
        if name is None:
            raise SettingError(unknown("method to tune", typed, methods))
        if setting not in (known := declared(methods[name])):
            raise SettingError(unknown(f"setting of {name}", setting, known))
        try:
            found.setdefault(name, {})[setting] = _space(known[setting], values)
        except (SettingError, ValueError) as error:
            raise SettingError(f"--search {name}.{setting}: {error}") from None
    return found


def _space(setting: Setting, text: str) -> Range | Choices:
    low, dots, high = text.partition("..")
    if not dots:
        return Choices(tuple(setting.parse(value) for value in text.split(",")))
    ends = setting.parse(low), setting.parse(high)
    if any(isinstance(end, bool) or not isinstance(end, int | float) for end in ends):
        raise SettingError(f"{shortened(text)!r} is no range of numbers; name values, with commas")
    return Range(*ends)
