"""Formulas of metrics as mathematics for Typst, made from their plain text."""

from __future__ import annotations

import re
from typing import Final

_MATH: Final = re.compile(
    r"(?P<operator>\b(?:mean|max))_(?:\{(?P<long>[^}]*)\}|(?P<short>\w))"
    r"|\b(?P<matrix>[RS])\[(?P<row>\w+),\s*(?P<column>\w+)\]"
    r"|(?P<union>\|A and B\| / \|A or B\|)"
    r"|\b(?P<relation>\w (?:<=|>=|<|=) \w(?: - 1)?)(?!\w)"
    r"|(?<= task )(?P<task>[ij])\b"
)


def segments(formula: str) -> list[tuple[bool, str]]:
    """The formula in pieces: whether each is mathematics, and its text or Typst source.

    Args:
        formula: as `harness.analysis.metrics.definition.Metric` has it.

    >>> segments("mean_{j<T} (R[T,j])")
    [(True, 'limits("mean")_(j<T)'), (False, ' ('), (True, 'R_(T,j)'), (False, ')')]
    """
    pieces: list[tuple[bool, str]] = []
    end = 0
    for found in _MATH.finditer(formula):
        if before := formula[end : found.start()]:
            pieces.append((False, _text(before)))
        pieces.append((True, _source(found)))
        end = found.end()
    if rest := formula[end:]:
        pieces.append((False, _text(rest)))
    return pieces


def _text(plain: str) -> str:
    return plain.replace(" - ", " − ").replace(" * ", " · ")


def _source(found: re.Match[str]) -> str:
    if operator := found["operator"]:
        return f'limits("{operator}")_({found["long"] or found["short"]})'
    if matrix := found["matrix"]:
        return f"{matrix}_({found['row']},{found['column']})"
    if found["union"]:
        return "(|A inter B|) / (|A union B|)"
    return found["relation"] or found["task"]
