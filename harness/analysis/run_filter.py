"""Which of the stored runs a table, a figure or a report is to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from harness.config.budgets import DEFAULT
from harness.config.run import Run
from harness.config.suggestions import canonical, unknown

if TYPE_CHECKING:  # pandas; a wrong argument need not wait for it
    from harness.storage.store import Results


class UnknownNameError(ValueError):
    """No stored run is of such a method, or has such a setting; says which there are."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What is shown; None is no condition.

    Attributes:
        methods: by name.
        seeds: the first so many, from 0.
        settings: what a run may differ in from the benchmark's own settings (`Run.overrides`), as
            "name" or "name=value", in either case; "default" is every run that differs in nothing.
        scenarios: by name.
    """

    methods: tuple[str, ...] | None = None
    seeds: int | None = None
    settings: tuple[str, ...] | None = None
    scenarios: tuple[str, ...] | None = None

    def __bool__(self) -> bool:
        """Whether there is any condition."""
        return any(getattr(self, one.name) is not None for one in fields(self))

    def __str__(self) -> str:
        """What is shown, in words; "" for everything."""
        words = {name: getattr(self, name) for name in ("methods", "scenarios", "settings")}
        shown = [f"{name} {', '.join(value)}" for name, value in words.items() if value is not None]
        if self.seeds is not None:
            shown.append("seed 0" if self.seeds == 1 else f"seeds 0 to {self.seeds - 1}")
        return f"only {'; '.join(shown)}" if shown else ""

    def of(self, results: Results) -> Results:
        """The runs that are shown, with their rows.

        Args:
            results: of `harness.analysis.selection.select`.
        """
        if not self:
            return results
        return results.only([one for one in results.records if self._admits(one.run)])

    def checked(self, results: Results) -> RunFilter:
        """The same, its methods and settings named as the stored runs name them.

        Args:
            results: of `harness.analysis.selection.select`.

        Raises:
            UnknownNameError: one of these is of no stored run.
        """
        runs = [record.run for record in results.records]
        methods = sorted({run.baseline for run in runs})
        settings = sorted({DEFAULT, *(name for run in runs for name in _names(run))})
        return replace(
            self,
            methods=_stored("method", self.methods, methods),
            settings=_stored("setting", self.settings, settings),
        )

    def within(self, results: Results) -> RunFilter:
        """The same, but for methods and settings that none of some runs has.

        Args:
            results: of `harness.analysis.selection.select`.
        """
        runs = [record.run for record in results.records]
        methods = {run.baseline for run in runs}
        settings = {DEFAULT, *(name for run in runs for name in _names(run))}
        return replace(
            self,
            methods=self.methods and tuple(name for name in self.methods if name in methods),
            settings=self.settings and tuple(name for name in self.settings if name in settings),
        )

    def _admits(self, run: Run) -> bool:
        settings = self.settings and {name.lower() for name in self.settings}
        return (
            (self.methods is None or run.baseline in self.methods)
            and (self.seeds is None or run.seed < self.seeds)
            and (self.scenarios is None or run.scenario in self.scenarios)
            and (settings is None or any(name.lower() in settings for name in _names(run)))
        )


EVERYTHING: Final = RunFilter()
"""All that is stored."""


def _names(run: Run) -> set[str]:
    """All that --settings may call a run by."""
    if not run.overrides:
        return {DEFAULT}
    return {*run.overrides, *(f"{name}={value}" for name, value in run.overrides.items())}


def _stored(
    kind: str, names: tuple[str, ...] | None, known: Sequence[str]
) -> tuple[str, ...] | None:
    if names is None:
        return None
    found = {name: canonical(name, known) for name in names}
    for name, meant in found.items():
        if meant is None:
            raise UnknownNameError(unknown(f"{kind} of stored runs", name, known))
    return tuple(dict.fromkeys(filter(None, found.values())))
