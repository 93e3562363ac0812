"""Names as they are typed: several by commas, in either case, with the nearest suggested."""

from __future__ import annotations

from collections.abc import Iterable

from harness.cli.arguments import ArgumentError
from harness.config.suggestions import canonical, unknown


def split_names(option: str, text: str) -> list[str]:
    """The distinct names of a comma-separated argument.

    Args:
        option: that was given it.
        text: as typed.

    Raises:
        ArgumentError: there is no name.
    """
    names = list(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    if not names:
        kind = option.removeprefix("--").removesuffix("s")
        raise ArgumentError(f"{option} names no {kind}; separate several by commas")
    return names


def known_names(kind: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names that were meant, as they are written; letters may be typed in either case.

    Args:
        kind: what they should name, such as "benchmark".
        names: as typed.
        known: every name that exists.

    Raises:
        ArgumentError: there is no such name; suggests the nearest.
    """
    known = list(known)
    return list(dict.fromkeys(known_name(kind, name, known) for name in names))


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """The one name that was meant (`known_names`).

    Args:
        kind: what it should name.
        name: as typed.
        known: every name that exists.

    Raises:
        ArgumentError: there is no such name; suggests the nearest.
    """
    known = list(known)
    meant = canonical(name, known)
    if meant is None:
        raise ArgumentError(unknown(kind, name, known))
    return meant
