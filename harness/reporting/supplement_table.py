"""The paper's Supplement Table 1 as a table of texts: declared here beside printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from harness.analysis.published import titled
from harness.analysis.relaxations import CONDITIONS, OWN, Relaxations, relaxations
from harness.reporting.model import Table, Text

_TITLES: Final = {
    "data_replay": "Data replay",
    "multihead": "Multihead",
    "pretrained": "Pretrained",
    "generative_replay": "Generative replay",
    "multi_models": "Multi-models",
}
_OWN_TITLES: Final = ("BatchNorm per task", "Keeps statistics", "Task identity")


def supplement_table(declared: Mapping[str, Sequence[str]]) -> Table:
    """Which conditions of strict continual learning methods give up.

    Args:
        declared: requirements of the runs of each method, by its name.
    """
    rows = [_row(one) for one in relaxations(declared)]
    summary = (
        "Supplement Table 1. Conditions of strict continual learning that a method gives up: "
        "declared here by its runs in any scenario, and checked while they ran; quoted: what the "
        "paper prints (*: exceptions exist). Columns from BatchNorm on are not in the paper's."
    )
    head = ["Method", *_TITLES.values(), *_OWN_TITLES]
    return Table("Supplement Table 1", head, rows, summary=summary)


def _row(one: Relaxations) -> list[Text]:
    given = one.declared
    cells = [
        Text(_said(given, needed), quoted=one.printed.get(name, ""))
        for name, needed in CONDITIONS.items()
    ]
    return [Text(titled(one.method)), *cells, *(Text(_said(given, needed)) for needed in OWN)]


def _said(declared: frozenset[str] | None, needed: str) -> str:
    if declared is None:
        return ""
    return "yes" if needed in declared else "no"
