"""What `harness.bench` times, by name; nothing here imports torch."""

from __future__ import annotations

from typing import Final

PLAIN: Final = "plain loop"
STOCK: Final = "stock "
OURS: Final = "our "

SUBJECTS: Final = (
    PLAIN,
    "stock naive",
    "our naive",
    "stock ewc",
    "our ewc",
    "stock si",
    "our si",
    "stock mas",
    "our mas",
    "our hat",
    "our rmn",
)
"""A plain PyTorch loop, strategies of stock Avalanche, and methods of the harness."""

FIRST_STOCK: Final = "stock naive"
"""What methods are held against that Avalanche does not have."""


def stock_peer(subject: str) -> str:
    """The stock subject that a subject is held against."""
    peer = subject.replace(OURS, STOCK)
    return peer if peer in SUBJECTS else FIRST_STOCK
