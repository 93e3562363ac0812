"""The record of one run: what ran, by which method, where, and how it ended; as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, TypeVar, cast

from harness.config.run import Run

RECORD_VERSION: Final = 2
"""Version of the record's fields. Version 1 had a printed label in place of the overrides, and
"relaxations" and "told" for what are now "requirements" and "supervision"."""

Status = Literal["finished", "failed", "diverged"]
STATUSES: Final[tuple[Status, ...]] = ("finished", "failed", "diverged")

T = TypeVar("T")

_SUPERVISION_OF_VERSION_1: Final = {
    "nothing but inputs and classes": "none",
    "where tasks end": "task boundaries",
    "the task of every example": "task labels",
}


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
    return {"schema": RECORD_VERSION, "id": record.run.id, **asdict(record)}


def from_json(content: Any) -> Record:
    """The record that `to_json` made, also one of version 1.

    Raises:
        ValueError: a value is impossible, or the id is not that of the run.
        KeyError: a field is missing.
        TypeError: a field has another type.
    """
    version = _typed(content, "record", dict)["schema"]
    if version == 1:
        content = _migrated(content)
    elif version != RECORD_VERSION:
        raise ValueError(
            f"the record has version {version!r} and this program reads up to {RECORD_VERSION}; "
            "a newer version of the program wrote it"
        )
    run = Run(**_typed(content["run"], "run", dict))
    for name in ("benchmark", "baseline", "profile"):
        _typed(getattr(run, name), name, str)
    for name in ("settings", "training", "versions", "overrides"):
        _typed(getattr(run, name), name, dict)
    for name, number in {"seed": run.seed, **run.versions}.items():
        _typed(number, name, int)
    if content["id"] != run.id:
        raise ValueError(f"the record says run {content['id']!r}, and its run is {run.id}")
    status = content["status"]
    if status not in STATUSES:
        raise ValueError(f"the status is {status!r}")
    return Record(
        run,
        _declaration(content["method"]),
        _typed(content["provenance"], "provenance", dict),
        cast(Status, status),
        _typed(content["error"], "error", str),
    )


def _declaration(content: Any) -> MethodDeclaration:
    requirements = _typed(content, "method", dict).get("requirements", [])
    method = MethodDeclaration(
        **{**content, "requirements": tuple(_typed(requirements, "requirements", list))}
    )
    for name, value in asdict(method).items():
        for text in value if name == "requirements" else [value]:
            _typed(text, name, str)
    return method


def _typed(value: Any, name: str, kind: type[T]) -> T:
    """The value, which must be of a type; True and False are no numbers.

    Raises:
        TypeError: it is of another type.
    """
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{name} is of type {type(value).__name__}, not {kind.__name__}")
    return value


def _migrated(content: Mapping[str, Any]) -> dict[str, Any]:
    """A record of version 1 with the fields of the present one.

    Raises:
        KeyError, TypeError: it is none.
    """
    run = dict(_typed(content["run"], "run", dict))
    method = _typed(content["method"], "method", dict)
    told = _typed(method.get("told", ""), "told", str)
    declaration = {
        "title": method["title"],
        "reference": method.get("reference", ""),
        "requirements": method.get("relaxations", []),
        "supervision": _SUPERVISION_OF_VERSION_1.get(told, told),
        "rule": method.get("rule", ""),
    }
    candidates = dict(_typed(run["settings"], "settings", dict))
    training = _typed(run["training"], "training", dict)
    candidates |= {f"training.{name}": value for name, value in training.items()}
    printed = {f"{name}={value}": name for name, value in candidates.items()}
    label = _typed(run.pop("setting", ""), "setting", str)
    names = [printed[part] for part in label.split(", ") if part in printed]
    run["overrides"] = {name: candidates[name] for name in names}
    return {**content, "schema": RECORD_VERSION, "run": run, "method": declaration}
