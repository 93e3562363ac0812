"""Damage: every error of reading becomes one kind, and no other error does."""

from __future__ import annotations

import pyarrow as pa
import pytest

from harness.storage.damage import DamageError, damage_named


@pytest.mark.parametrize(
    "error",
    [OSError("gone"), ValueError("wrong"), KeyError("x"), TypeError("y"), pa.ArrowInvalid("z")],
)
def test_errors_of_reading_name_the_part(error: Exception) -> None:
    for part, begins in (("rows.parquet", "rows.parquet: "), ("", "")):
        said = f"^{begins}{type(error).__name__}: "
        with pytest.raises(DamageError, match=said) as caught, damage_named(part):
            raise error
        assert caught.value.__cause__ is error


def test_mistakes_in_the_program_are_not_damage() -> None:
    with pytest.raises(AttributeError), damage_named():
        raise AttributeError("a mistake")
