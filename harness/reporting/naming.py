"""What reports and their files are called, and names in a row."""

from __future__ import annotations

from collections.abc import Iterable

from harness.analysis.run_filter import RunFilter
from harness.config.budgets import DEFAULT


def stem(subject: str, profile: str, shown: RunFilter) -> str:
    """The name of a report's files, without the ending.

    Args:
        subject: what the report is about.
        profile: named unless it is the default.
        shown: a report of some runs has files of its own.
    """
    parts = [subject, "" if profile == DEFAULT else profile, "selection" if shown else ""]
    return "-".join(filter(None, parts))


def said(shown: RunFilter) -> str:
    """What of the runs is shown, for the end of a title; "" for everything."""
    return f" ({shown})" if shown else ""


def listed(names: Iterable[str]) -> str:
    """Names as words: "a, b and c"."""
    each = list(names)
    return " and ".join(filter(None, [", ".join(each[:-1]), *each[-1:]]))
