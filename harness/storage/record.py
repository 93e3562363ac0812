"""The record of one run: what ran, by which method, where, and how it ended; as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, cast

from harness.config.run import Run

RECORD_VERSION: Final = 2
"""Version of the record's fields. Version 1 had a printed label in place of the overrides, and
"relaxations" and "told" for what are now "requirements" and "supervision"."""

Status = Literal["finished", "failed"]

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
        status: whether the run finished or failed.
        error: the traceback of a failed run.
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
        ValueError: a value is impossible.
        KeyError: a field is missing.
        TypeError: a field has another type.
    """
    if content["schema"] == 1:
        content = _migrated(content)
    run = Run(**content["run"])
    for name in ("method", "provenance"):
        if not isinstance(content[name], dict):
            raise TypeError(f"{name} is no table")
    declared = content["method"]
    requirements = tuple(map(str, declared.get("requirements", ())))
    method = MethodDeclaration(**{**declared, "requirements": requirements})
    status = content["status"]
    if status not in ("finished", "failed"):
        raise ValueError(f"the status is {status!r}")
    return Record(run, method, content["provenance"], cast(Status, status), content["error"])


def _migrated(content: Mapping[str, Any]) -> dict[str, Any]:
    """A record of version 1 with the fields of the present one."""
    run, method = dict(content["run"]), dict(content["method"])
    told = str(method.pop("told", ""))
    declaration = {
        "title": method["title"],
        "reference": method.get("reference", ""),
        "requirements": method.get("relaxations", ()),
        "supervision": _SUPERVISION_OF_VERSION_1.get(told, told),
        "rule": method.get("rule", ""),
    }
    candidates = dict(run["settings"])
    candidates |= {f"training.{name}": value for name, value in run["training"].items()}
    printed = {f"{name}={value}": name for name, value in candidates.items()}
    names = [printed[part] for part in run.pop("setting", "").split(", ") if part in printed]
    run["overrides"] = {name: candidates[name] for name in names}
    return {**content, "run": run, "method": declaration}
