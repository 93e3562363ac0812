"""The command that makes a stored run again."""

from __future__ import annotations

from harness.config.command import command_of
from harness.config.search_spaces import FIRST_SEED
from harness.storage.record import Record


def command_again(record: Record) -> str:
    """What to type for a run in a results folder of its own, in which it is not finished yet.

    Of runs that no comparison makes, those of a search or with plugins, it is the command that was
    recorded.

    Args:
        record: of the run.

    Returns:
        "" where no command was recorded.
    """
    recorded, commit = record.provenance.get("command"), record.provenance.get("commit")
    if not recorded:
        return ""
    compared = record.run.seed < FIRST_SEED and not record.run.plugins
    again = f"{command_of(record.run) if compared else recorded} --results results-again"
    return f"git checkout {commit} && {again}" if commit else again
