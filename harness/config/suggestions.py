"""Messages for names that do not exist: the nearest one that does, and all the others."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_ABBREVIATION: Final = 3
"""Letters of the shortest name that may stand for a longer one, as "acc" for "accuracy"."""

_SHOWN: Final = 60
"""So many characters are shown of what was typed."""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """What to tell a user who typed an unknown name.

    Args:
        kind: what it should name, such as "benchmark".
        name: as typed.
        known: every name that would do, in the order to list them; each is listed once.
    """
    names = list(dict.fromkeys(known))
    name = shortened(name)
    folded = {candidate.lower(): candidate for candidate in names}
    typed = name.lower()
    close = (
        get_close_matches(typed, folded, n=1, cutoff=0.8)  # a slip
        or [one for one in folded if len(one) >= _ABBREVIATION and typed.startswith(one)]
        or get_close_matches(typed, folded, n=1, cutoff=0.5)
    )
    hint = f"; did you mean {folded[close[0]]!r}?" if close else "."
    return f"unknown {kind} {name!r}{hint} There are: {', '.join(names) or 'none'}."


def canonical(name: str, known: Iterable[str]) -> str | None:
    """The known name that was meant: "EWC" is "ewc" and "RMN-Plus" is "rmn_plus".

    Args:
        name: as typed.
        known: every name that would do.

    Returns:
        None where there is no such one.
    """
    folded = {_folded(candidate): candidate for candidate in known}
    return folded.get(_folded(name))


def _folded(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def shortened(text: str) -> str:
    """The text, or its beginning where a message would drown in it."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
