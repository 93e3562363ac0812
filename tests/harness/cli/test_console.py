"""Tables are shown wherever the output goes."""

from __future__ import annotations

import pytest

from harness.cli.console import output


@pytest.mark.parametrize(("columns", "width"), [("0", 80), ("00", 80), ("", 80), ("120", 120)])
def test_no_columns_are_as_many_as_without_the_variable(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert output().width == width
