"""A warning of times that cannot be compared, since they are of unequal devices."""

from __future__ import annotations

from collections import defaultdict

from harness.analysis.leaderboard import Leaderboard


def unequal_devices(board: Leaderboard) -> list[str]:
    """A sentence that says whose runs were made on what, where the methods differ in it.

    Args:
        board: of the runs.

    Returns:
        One sentence; nothing where all runs were made on the same model.
    """
    methods: dict[str, list[str]] = defaultdict(list)
    for entry in board.entries:
        methods[" and ".join(entry.devices)].append(entry.title)
    if len(methods) == 1:
        return []
    shares = [f"{', '.join(titles)} on {devices}" for devices, titles in sorted(methods.items())]
    return [f"Seconds cannot be compared between devices: {'; '.join(shares)}."]
