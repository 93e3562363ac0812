"""Files of numbers that are quoted from publications: a line each, checked."""

from __future__ import annotations

import csv
from collections.abc import Callable, Hashable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

Line = TypeVar("Line")


def read_lines(
    path: Path,
    kind: type[Any],
    checked: Callable[[list[str]], Line],
    key: Callable[[Line], tuple[Hashable, ...]],
) -> tuple[Line, ...]:
    """The lines of a CSV file, in its order.

    Args:
        path: of the file, whose first line has the columns.
        kind: a dataclass whose fields are the columns.
        checked: makes a line of its columns, or raises a `ValueError` that says what is wrong.
        key: of a line, which no two have in common.

    Raises:
        ValueError: a line is wrong or there twice; the message names it.
    """
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        head = [field.name for field in fields(kind)]
        if next(lines, None) != head:
            raise ValueError(f"{path.name}, line 1: the columns must be {','.join(head)}")
        found: dict[tuple[Hashable, ...], Line] = {}
        for line in lines:
            try:
                made = checked(line)
                if key(made) in found:
                    raise ValueError(f"{' '.join(map(str, key(made)))} is there twice")
            except ValueError as error:
                raise ValueError(f"{path.name}, line {lines.line_num}: {error}") from None
            found[key(made)] = made
    return tuple(found.values())
