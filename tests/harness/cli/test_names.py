"""Names as they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.arguments import ArgumentError
from harness.cli.names import known_names, split_names
from harness.config.benchmarks import BENCHMARKS

NAMES = st.text("abc", min_size=1, max_size=3)
BLANKS = st.sampled_from(["", " ", "  "])


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="benchmark 'split_mnst'; did you mean 'split_mnist'"):
        known_names("benchmark", ["permuted_mnist", "split_mnst"], iter(BENCHMARKS))


def test_names_may_be_typed_in_any_case() -> None:
    typed = ["Split-MNIST", "permuted_mnist", "SPLIT_MNIST"]
    assert known_names("benchmark", typed, BENCHMARKS) == ["split_mnist", "permuted_mnist"]


@given(parts=st.lists(st.tuples(NAMES, BLANKS, BLANKS), min_size=1))
def test_names_are_split_at_commas_once_each(parts: list[tuple[str, str, str]]) -> None:
    names = split_names("--methods", ",,".join(left + name + right for name, left, right in parts))
    assert len(set(names)) == len(names)
    assert set(names) == {name for name, *_ in parts}
    assert names[0] == parts[0][0]


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_no_name_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="--methods names no method; separate several by"):
        split_names("--methods", text)
