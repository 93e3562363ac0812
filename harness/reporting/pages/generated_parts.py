"""The parts of the documentation that are made from the code and from results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from harness.config.budgets import DEFAULT
from harness.config.suggestions import unknown
from harness.reporting.pages.anchors import anchors_section
from harness.reporting.pages.hours import hours_table
from harness.reporting.pages.methods_table import methods_table
from harness.reporting.pages.overview import main_standings_section, standings_section
from harness.reporting.pages.reference import measurement_table, metric_tables

_PARTS: Final[Mapping[str, Callable[[Path], str]]] = {
    "anchors": anchors_section,
    "hours": lambda results: hours_table(results, DEFAULT, seeds=5),
    "main_standings": main_standings_section,
    "measurements": lambda results: measurement_table(),
    "methods": methods_table,
    "metrics": lambda results: metric_tables(),
    "standings": standings_section,
}
"""By name, what makes a part from the folder of all results."""

_PART: Final = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def renewed(page: str, results: Path) -> str:
    """A page with its parts as the code and the results are now.

    Args:
        page: Markdown, with a comment `begin NAME` and `end NAME` around each part.
        results: folder of all results.

    Raises:
        ValueError: no part has such a name; says which one may be meant.
    """

    def part(found: re.Match[str]) -> str:
        if found[2] not in _PARTS:
            raise ValueError(unknown("part", found[2], _PARTS))
        return f"{found[1]}\n{_PARTS[found[2]](results)}\n\n{found[3]}"

    return _PART.sub(part, page)
