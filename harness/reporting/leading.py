"""Which of many methods figures and the wider tables of a report show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from baselines.registry import methods
from harness.analysis.leaderboard import Leaderboard
from harness.config.benchmark_registry import benchmarks
from harness.config.plan import default_methods

MOST_SHOWN: Final = 10
"""Of more methods lines cannot be told apart, and tables fill pages."""


def leading(boards: Sequence[Leaderboard]) -> list[str]:
    """Names of the methods that the benchmark compares by default, and of the best others.

    Args:
        boards: of one benchmark, one a scenario; the methods are in the order of the first.

    Returns:
        At most `MOST_SHOWN` names.
    """
    usual = default_methods(benchmarks()[boards[0].benchmark], methods())
    ranked = [[entry.baseline for entry in board.entries] for board in boards]
    names = list(dict.fromkeys(name for each in ranked for name in each))

    def place(name: str) -> tuple[bool, int]:
        """Whether it is another method, and its best rank in any scenario."""
        return name not in usual, min(each.index(name) for each in ranked if name in each)

    chosen = sorted(names, key=place)[:MOST_SHOWN]
    return [name for name in names if name in chosen]


def with_leading(board: Leaderboard) -> Leaderboard:
    """A leaderboard with the methods that lead it (`leading`)."""
    names = leading([board])
    return replace(board, entries=[one for one in board.entries if one.baseline in names])


def left_out(board: Leaderboard, shown: Leaderboard) -> str:
    """A sentence that says what is not shown of a leaderboard; "" if nothing is left out.

    Args:
        board: of a comparison.
        shown: the same with its leading methods.
    """
    if len(shown.entries) == len(board.entries):
        return ""
    return (
        f"Figures and all tables but the first are of {len(shown.entries)} of the "
        f"{len(board.entries)} methods here: those that are compared by default, and the best of "
        "the others."
    )
