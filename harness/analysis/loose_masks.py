"""A warning of masks that were rounded before they had tightened."""

from __future__ import annotations

from typing import Final

from harness.analysis.leaderboard import Leaderboard, of_entry

_TOLERATED: Final = 0.005
"""Accuracy that the rounding of one task's mask may take."""


def loose_masks(board: Leaderboard) -> list[str]:
    """One sentence for each method and setting whose masks lose more by rounding.

    What a network has learned with soft masks is not what it keeps then.

    Args:
        board: of the runs.
    """
    derived = board.derived
    gaps = derived[derived["metric"] == "largest_rounding_gap"]
    sentences = []
    for entry in board.entries:
        worst = of_entry(gaps, entry)["value"].max()
        if worst > _TOLERATED:
            sentences.append(
                f"{entry.title}: rounding takes up to {100 * worst:.1f} points from a finished "
                "mask, which had not tightened."
            )
    return sentences
