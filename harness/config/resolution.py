"""Where the values of a method's settings come from.

A value is the dataclass's default, unless `harness/tuned/<benchmark>.json` has a better one, unless
the profile is `paper` and the benchmark prescribes one, unless the command line says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from baselines.interface import Baseline
from harness.config.budgets import Training
from harness.config.settings import SettingError, declared
from harness.config.suggestions import unknown

TUNED: Final = Path(__file__).parent / "tuned"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings of one method for one comparison.

    Attributes:
        values: every setting, in the order of the fields.
        changed: those that differ from the benchmark's defaults, as "a=1, b=2".
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    changed: str = ""

    def also(self, changed: str) -> Resolved:
        """The same settings with something else that differs named beside theirs."""
        return Resolved(self.values, ", ".join(filter(None, [self.changed, changed])))


TRAINING: Final = "training"
"""Stands in place of a method's name before the settings of the training budget."""


def assignments(
    texts: Sequence[str], methods: Mapping[str, type[Baseline]]
) -> dict[str, dict[str, str]]:
    """Values given as `method.setting=value`, by method and setting.

    `TRAINING` is among the methods, with the fields of `harness.config.budgets.Training`.

    Raises:
        SettingError: one is not written like that, names something unknown, or is given twice.
    """
    given: dict[str, dict[str, str]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        name, dot, key = target.strip().partition(".")
        if not (equals and dot):
            raise SettingError(f"cannot read {text!r}; write METHOD.SETTING=VALUE")
        if name not in (owners := {**methods, TRAINING: Training}):
            raise SettingError(unknown("method", name, owners))
        if key not in (known := declared(owners[name])):
            raise SettingError(unknown(f"setting of {name}", key, known))
        if key in given.setdefault(name, {}):
            raise SettingError(f"{name}.{key} is given twice; give it once")
        given[name][key] = value.strip()
    return given


def tuned(benchmark: str, folder: Path = TUNED) -> dict[str, dict[str, Any]]:
    """The settings chosen for a benchmark by `python -m harness.tune`, by method; often none.

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


def budget(training: Training, given: Mapping[str, str]) -> tuple[Training, str]:
    """A training budget with values from the command line, and what they change as text.

    Raises:
        SettingError: a value is not allowed.
    """
    known = declared(Training)
    try:
        values = {key: known[key].parse(text) for key, text in given.items()}
        changed = replace(training, **values)
    except (SettingError, ValueError) as error:
        raise SettingError(f"{TRAINING}.{error}") from None
    differing = (key for key in values if values[key] != getattr(training, key))
    return changed, ", ".join(f"{TRAINING}.{key}={values[key]}" for key in differing)


def resolve(method: type[Baseline], tuned: Mapping[str, Any], given: Mapping[str, str]) -> Resolved:
    """The settings of a method: its defaults, then the tuned ones, then those of the command line.

    Raises:
        SettingError: a value is not allowed; the message names the method and the setting.
    """
    known = declared(method)
    for key in tuned:
        if key not in known:
            raise SettingError(f"tuned: {unknown(f'setting of {method.name}', key, known)}")
    try:
        # One set of rules for values from every source, so that equal values give equal run ids.
        defaults = {
            key: entry.parse(str(tuned.get(key, entry.default))) for key, entry in known.items()
        }
        values = defaults | {key: known[key].parse(text) for key, text in given.items()}
    except SettingError as error:
        raise SettingError(f"{method.name}.{error}") from None
    try:
        method(**values)
    except ValueError as error:
        raise SettingError(f"{method.name}: {error}") from error
    changed = (f"{key}={value}" for key, value in values.items() if value != defaults[key])
    return Resolved(values, ", ".join(changed))
