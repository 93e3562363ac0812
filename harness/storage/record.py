"""The record of one run: what ran, by which method, where, and how it ended; as JSON and back."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar, cast
from unicodedata import category

from baselines.declarations import COLOUR
from harness.config.budgets import TrainingBudget
from harness.config.run import Run
from harness.config.settings import Setting, declared

RECORD_VERSION: Final = 3
"""Version of the record's fields. Those before had no scenario: their runs measured several, with a
normalisation that differed from method to method, and cannot be compared with any of now."""

NEWER: Final = "a newer version of the program wrote it"
"""Why a record cannot be read that nothing is wrong with."""
_OLDER: Final = "an older version of the program wrote it"

Status = Literal["finished", "failed", "diverged"]
STATUSES: Final[tuple[Status, ...]] = ("finished", "failed", "diverged")

_NAME: Final = re.compile(r"[^./][^/]{0,199}")
_MOST: Final = 2**63
_MOST_SHARED: Final = 10_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MethodDeclaration:
    """What a method declared of itself when the run was made (`baselines.interface.Baseline`).

    Attributes:
        title: as printed.
        reference: its publication.
        requirements: conditions of strict continual learning given up, as printed.
        supervision: what it needs to know of the tasks while it learns.
        rule: how its task is inferred when it is not given; "" where it is not.
        colour: of its curves, as hex digits; "" for one derived from its name.
        counterpart: the method with task labels that it is held against on streams without them;
            "" for itself.
    """

    title: str
    reference: str = ""
    requirements: tuple[str, ...] = ()
    supervision: str = ""
    rule: str = ""
    colour: str = ""
    counterpart: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """How one run ended.

    Attributes:
        run: the run.
        method: the method's declaration.
        provenance: device, versions, commit, command and times; never part of the identity.
        status: whether the run finished, failed, or diverged: its numbers were no longer finite.
        error: the traceback of a run that did not finish.
    """

    run: Run
    method: MethodDeclaration
    provenance: Mapping[str, Any] = field(default_factory=dict)
    status: Status = "finished"
    error: str = ""


def to_json(record: Record) -> dict[str, Any]:
    """The record as it is written to disk."""
    content = {"schema": RECORD_VERSION, "id": record.run.id, **asdict(record)}
    if not record.run.plugins:  # as before there were any
        del content["run"]["plugins"]
    # of a traceback that quotes an unreadable file name
    return {**content, "error": record.error.encode(errors="backslashreplace").decode()}


def to_text(record: Record) -> str:
    """The record as JSON that `parse` and `from_json` read.

    Raises:
        ValueError, KeyError, TypeError: they would refuse it.
    """
    text = json.dumps(to_json(record), indent=2)
    from_json(parse(text.encode()))
    return text


def parse(text: bytes) -> Any:
    """The content of JSON that somebody may have damaged.

    Raises:
        ValueError: it is none, or has a number or a text that no record can have.
        RecursionError: it is nested too deeply.
    """
    content = json.loads(text, parse_constant=_refuse_number, object_hook=_shared_if_flat)
    if b"\\ud" in text:  # half a character cannot be printed
        json.dumps(content, ensure_ascii=False).encode()
    return content


def from_json(content: Any) -> Record:
    """The record that `to_json` made.

    Raises:
        ValueError: a value is impossible, or the id is not that of the run.
        KeyError: a field is missing.
        TypeError: a field has another type.
    """
    version = _typed(content, "record", dict)["schema"]
    if version != RECORD_VERSION:
        written = ""
        if type(version) is int:
            written = f"; {NEWER if version > RECORD_VERSION else _OLDER}"
        raise ValueError(
            f"the record has version {version!r} and this program reads {RECORD_VERSION}{written}"
        )
    run = _run(_typed(content["run"], "run", dict))
    if content["id"] != run.id:
        raise ValueError(f"the record says run {content['id']!r}, and its run is {run.id}")
    status = content["status"]
    if status not in STATUSES:
        raise ValueError(f"the status is {status!r}")
    provenance = _typed(content["provenance"], "provenance", dict)
    return Record(
        run,
        _declaration(_typed(content["method"], "method", dict)),
        {sys.intern(name): _circumstance(name, value) for name, value in provenance.items()},
        cast(Status, status),
        _typed(content["error"], "error", str),
    )


def _run(content: dict[str, Any]) -> Run:
    run = Run(**content)
    names = {name: getattr(run, name) for name in ("benchmark", "scenario", "baseline", "profile")}
    for name, text in names.items():
        _check_name(name, text)
    for name in ("settings", "training", "versions", "overrides", "plugins"):
        _scalars(name, getattr(run, name))
    for part, origin in run.plugins.items():
        if not _is_printable(_typed(origin, f"plugins.{part}", str)):
            raise ValueError(f"plugins.{part} is {origin!r}, which cannot be printed")
    for name, number in {"seed": run.seed, **run.versions}.items():
        if _typed(number, name, int) < 0:
            raise ValueError(f"{name} is {number}")
    _typed(run.training.get("epochs"), "training.epochs", int)
    for name, value in run.training.items():
        known = _budget_fields().get(name)
        if known is not None and not known.admits(value):
            raise ValueError(f"training.{name} must be {known.allowed}, not {value!r}")
    interned: dict[str, Any] = {name: sys.intern(text) for name, text in names.items()}
    return replace(run, **interned)


@lru_cache(maxsize=1)
def _budget_fields() -> Mapping[str, Setting]:
    return declared(TrainingBudget)


def _declaration(content: dict[str, Any]) -> MethodDeclaration:
    requirements = _typed(content.get("requirements", []), "requirements", list)
    method = MethodDeclaration(**{**content, "requirements": tuple(requirements)})
    texts = {name: getattr(method, name) for name in content if name != "requirements"}
    for name, text in [*texts.items(), *(("requirements", text) for text in requirements)]:
        if not _is_printable(_typed(text, name, str)):
            raise ValueError(f"{name} is {text!r}, which cannot be printed")
    if not COLOUR.fullmatch(method.colour):
        raise ValueError(f"the colour is {method.colour!r}")
    return _shared(method)


def _circumstance(name: str, value: Any) -> Any:
    """A field of the provenance: a text, a number, or several of them."""
    if name == "seconds" and not (isinstance(value, int | float) and value >= 0):
        raise ValueError(f"the run took {value!r} seconds")
    if isinstance(value, dict):
        return _scalars(name, value)
    if isinstance(value, list):
        return [_scalar(name, one) for one in value]
    return sys.intern(value) if isinstance(value, str) else _scalar(name, value)


def _scalars(name: str, values: Any) -> dict[str, Any]:
    for key, value in _typed(values, name, dict).items():
        _scalar(f"{name}.{key}", value)
    return cast(dict[str, Any], values)


def _scalar(name: str, value: Any) -> Any:
    """The value, which must be no list and no object.

    Raises:
        TypeError: it is one.
        ValueError: it is a whole number that is too large, or not finite.
    """
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError(f"{name} is of type {type(value).__name__}")
    if isinstance(value, int) and not abs(value) < _MOST:
        raise ValueError(f"{name} is too large")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is not finite")
    return value


def _check_name(name: str, text: Any) -> None:
    """Refuse what could not be the name of a folder, or of one elsewhere."""
    if not _NAME.fullmatch(_typed(text, name, str)) or not _is_printable(text):
        raise ValueError(f"{name} is {text!r}")


def _is_printable(text: str) -> bool:
    """Whether a text has no control characters; a terminal would obey them."""
    return text.isprintable() or not any(category(one).startswith("C") for one in text)


def _typed(value: Any, name: str, kind: type[T]) -> T:
    """The value, which must be of a type; True and False are no numbers.

    Raises:
        TypeError: it is of another type.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} is of type {type(value).__name__}, not {kind.__name__}")
    return value


def _refuse_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


_SHARED: Final[dict[str, Any]] = {}


def _shared_if_flat(content: dict[str, Any]) -> dict[str, Any]:
    flat = not any(isinstance(value, dict | list) for value in content.values())
    return _shared(content) if flat else content


def _shared(value: T) -> T:
    """An equal object from before, if there is one: runs have most of what they say in common."""
    if len(_SHARED) > _MOST_SHARED:
        _SHARED.clear()
    return cast(T, _SHARED.setdefault(repr(value), value))
