"""Where the values of a method's settings come from.

A value is the dataclass's default, unless a better one is known (`harness.config.tuned_settings`),
unless the command line says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from baselines.interface import Baseline
from harness.config.budgets import TrainingBudget
from harness.config.settings import SettingError, declared
from harness.config.suggestions import canonical, shortened, unknown

TRAINING: Final = "training"
"""Stands in place of a method's name before the settings of the training budget."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings of one method for one comparison.

    Attributes:
        values: the settings in the order of the fields, without those that came later and are at
            the dataclass's default (`baselines.interface.setting`).
        overrides: those that differ from the benchmark's defaults.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def also(self, overrides: Mapping[str, Any]) -> Resolved:
        """The same settings with other things that differ named beside theirs."""
        return Resolved(self.values, {**self.overrides, **overrides})


def assignments(
    texts: Sequence[str], methods: Mapping[str, type[Baseline]]
) -> dict[str, dict[str, str]]:
    """Values given as `method.setting=value`, by method and setting.

    `TRAINING` is among the methods, with the fields of `harness.config.budgets.TrainingBudget`.

    Args:
        texts: as typed.
        methods: every method by name.

    Raises:
        SettingError: one is not written like that, names something unknown, or is given twice.
    """
    given: dict[str, dict[str, str]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        typed, dot, key = target.strip().partition(".")
        owners = {**methods, TRAINING: TrainingBudget}
        if not (equals and dot):
            hint = _with_owner(typed, value, owners) if equals else ""
            raise SettingError(
                f"cannot read {shortened(text)!r}; {hint or 'write METHOD.SETTING=VALUE'}"
            )
        name = canonical(typed, owners)
        if name is None:
            raise SettingError(unknown("method", typed, owners))
        if key not in (known := declared(owners[name])):
            raise SettingError(unknown(f"setting of {name}", key, known))
        if key in given.setdefault(name, {}):
            raise SettingError(f"{name}.{key} is given twice; give it once")
        given[name][key] = value.strip()
    return given


def _with_owner(
    key: str, value: str, owners: Mapping[str, type[Baseline] | type[TrainingBudget]]
) -> str:
    """What to type for a setting without its method; "" if there is no such setting."""
    whole = [f"{name}.{key}={value}" for name, owner in owners.items() if key in declared(owner)]
    return f"did you mean {' or '.join(whole)}?" if whole else ""


def resolve_budget(
    budget: TrainingBudget, given: Mapping[str, str]
) -> tuple[TrainingBudget, dict[str, Any]]:
    """A training budget with values from the command line, and those that differ from its own.

    Args:
        budget: of the profile.
        given: values as typed, by field.

    Raises:
        SettingError: a value is not allowed.
    """
    known = declared(TrainingBudget)
    try:
        values = {key: known[key].parse(text) for key, text in given.items()}
        changed = replace(budget, **values)
    except (SettingError, ValueError) as error:
        raise SettingError(f"{TRAINING}.{error}") from None
    differing = {key: value for key, value in values.items() if value != getattr(budget, key)}
    return changed, {f"{TRAINING}.{key}": value for key, value in differing.items()}


def resolve(method: type[Baseline], best: Mapping[str, Any], given: Mapping[str, str]) -> Resolved:
    """The settings of a method: its defaults, then the best known, then those of the command line.

    Args:
        method: which method.
        best: values that replace defaults (`harness.config.tuned_settings`), by setting.
        given: values as typed, by setting.

    Raises:
        SettingError: a value is not allowed; the message names the method and the setting.
    """
    known = declared(method)
    for key in best:
        if key not in known:
            raise SettingError(f"tuned: {unknown(f'setting of {method.name}', key, known)}")
    try:
        # One set of rules for values from every source, so that equal values give equal run ids.
        defaults = {
            key: entry.parse(str(best.get(key, entry.default))) for key, entry in known.items()
        }
        values = defaults | {key: known[key].parse(text) for key, text in given.items()}
    except SettingError as error:
        raise SettingError(f"{method.name}.{error}") from None
    try:
        method(**values)
    except ValueError as error:
        raise SettingError(f"{method.name}: {error}") from error
    absent = {key for key, value in values.items() if known[key].is_unchanged(value)}
    return Resolved(
        {key: value for key, value in values.items() if key not in absent},
        {key: value for key, value in values.items() if value != defaults[key]},
    )
