"""Damage: what is stored and cannot be read is named, and stops nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pyarrow.lib import ArrowException


class DamageError(Exception):
    """A run's folder or a packed file that cannot be read; says why."""


_DAMAGES: Final = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    RecursionError,
    ArrowException,
    zlib.error,
)
"""What json, pandas, pyarrow and gzip raise for bytes that are not those that were written."""


@contextmanager
def damage_named(part: str = "") -> Iterator[None]:
    """Turn every error of reading what is damaged into a `DamageError`.

    Args:
        part: what is read, such as "rows.parquet"; begins the message.

    Raises:
        DamageError: something in the block could not be read.
    """
    try:
        yield
    except _DAMAGES as error:
        reason = f"{type(error).__name__}: {error}"
        raise DamageError(f"{part}: {reason}" if part else reason) from error
