"""Columns of texts as categories: a few distinct texts, and a small number in each of many rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

_DICTIONARY: Final = pa.dictionary(pa.int32(), pa.string())
_KIND: Final = "str"
"""Type of the categories, always the same, so that columns can be joined."""


def as_categories(rows: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """A table with categories in alphabetical order for texts; those that are there stay.

    Args:
        rows: any number of rows.
        names: of the columns.
    """
    missing = [name for name in names if not isinstance(rows[name].dtype, pd.CategoricalDtype)]
    return rows.assign(**{name: _in_order(pd.Categorical(rows[name])) for name in missing})


def only_used(rows: pd.DataFrame) -> pd.DataFrame:
    """A table without categories that are in no row."""
    names = [name for name in rows if isinstance(rows[name].dtype, pd.CategoricalDtype)]
    return rows.assign(**{str(name): _in_order(pd.Categorical(rows[name])) for name in names})


def from_arrow(column: pa.ChunkedArray) -> pd.Categorical:
    """A column of texts as Arrow reads it, as categories in alphabetical order.

    Raises:
        pyarrow.ArrowException: it has no texts.
    """
    encoded = column.cast(_DICTIONARY).unify_dictionaries().combine_chunks()
    texts = pd.Index(encoded.dictionary.to_pylist(), dtype=_KIND)
    return _in_order(pd.Categorical.from_codes(encoded.indices.fill_null(-1).to_numpy(), texts))


def mapped(column: pd.Series[Any], values: Mapping[str, str]) -> pd.Categorical:
    """A column of categories with another text in place of each.

    Args:
        column: texts.
        values: the new text of each that is there.
    """
    texts = [values[text] for text in column.cat.categories]
    found = sorted(set(texts))
    places = {text: place for place, text in enumerate(found)}
    codes = np.array([places[text] for text in texts], dtype=np.intp)
    return pd.Categorical.from_codes(codes[column.cat.codes], pd.Index(found, dtype=_KIND))


def as_texts(rows: pd.DataFrame) -> pd.DataFrame:
    """A table with strings for categories."""
    names = [name for name in rows if isinstance(rows[name].dtype, pd.CategoricalDtype)]
    return rows.astype(dict.fromkeys(names, "string"))


def _in_order(column: pd.Categorical) -> pd.Categorical:
    column = column.remove_unused_categories()
    return column.set_categories(pd.Index(sorted(column.categories), dtype=_KIND))
