"""Which of many methods figures and the wider tables of a report show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from harness.analysis.leaderboard import Leaderboard

MOST_SHOWN: Final = 14
"""Of more methods lines cannot be told apart, and tables fill pages."""


def leading(boards: Sequence[Leaderboard]) -> list[str]:
    """Names of the methods that were measured in the most scenarios, and of those the best.

    Args:
        boards: one a scenario; the methods are in the order of the first.

    Returns:
        At most `MOST_SHOWN` names.
    """
    names = list(dict.fromkeys(entry.baseline for board in boards for entry in board.entries))
    return _most_often(names, boards)


def with_leading(boards: Sequence[Leaderboard]) -> list[Leaderboard]:
    """Each leaderboard with the methods that were measured in the most of them, and the best there.

    Args:
        boards: one a scenario, then perhaps others of another normalisation.

    Returns:
        Leaderboards of at most `MOST_SHOWN` methods.
    """
    return [_with(board, _most_often(_names(board), boards)) for board in boards]


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
        f"{len(board.entries)} methods here: those that were measured in the most scenarios, and "
        "of those the best."
    )


def _most_often(names: Sequence[str], boards: Sequence[Leaderboard]) -> list[str]:
    """The names that the most leaderboards have, in the order in which they are given."""
    measured = [set(_names(board)) for board in boards]
    often = sorted(names, key=lambda name: -sum(name in each for each in measured))[:MOST_SHOWN]
    return [name for name in names if name in often]


def _names(board: Leaderboard) -> list[str]:
    return [entry.baseline for entry in board.entries]


def _with(board: Leaderboard, names: Sequence[str]) -> Leaderboard:
    return replace(board, entries=[one for one in board.entries if one.baseline in names])
