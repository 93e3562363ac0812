"""The table of measurements: what does not fit is refused, with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from harness.config.run import Run
from harness.storage import schema
from harness.storage.texts import as_texts

Rows = Callable[..., pd.DataFrame]


def types(rows: pd.DataFrame) -> dict[str, str]:
    """Type of each column as stored; in memory, texts are categories."""
    assert all(isinstance(rows[name].dtype, pd.CategoricalDtype) for name in schema.TEXTS)
    return {str(name): str(kind) for name, kind in as_texts(rows).dtypes.items()}


def test_table_has_every_column_and_blanks_where_one_does_not_apply(run: Run) -> None:
    rows = schema.table([{"metric": "batches", "value": 3.0}], run)
    assert types(rows) == schema.COLUMNS
    [row] = rows.to_dict("records")
    assert (row["run_id"], row["setting"], row["seed"]) == (run.id, "ewc_lambda=10.0", 0)
    assert (row["rule"], row["layer"]) == ("", "")
    assert pd.isna(row["after"])


def test_empty_table_has_the_types() -> None:
    assert types(schema.empty()) == schema.COLUMNS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metric": "Beauty"}, "names like mask_overlap"),
        ({"value": float("inf")}, "not finite"),
        ({"value": float("nan")}, "not finite"),
        ({"task": 1}, "measure the same thing"),
        ({"colour": "red"}, r"unknown: \['colour'\]"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    change: dict[str, Any], said: str, run: Run, make_rows: Rows
) -> None:
    with pytest.raises(ValueError, match=said):
        schema.check(make_rows(run).assign(**change))


def test_missing_column_is_refused(run: Run, make_rows: Rows) -> None:
    with pytest.raises(ValueError, match=r"missing: \['layer'\]"):
        schema.check(make_rows(run).drop(columns="layer"))


def test_every_built_in_measurement_and_rule_is_explained() -> None:
    for texts in (schema.MEASUREMENTS, schema.RULES):
        assert all(texts.values())
