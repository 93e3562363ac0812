"""What a user is told who typed a name that does not exist."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.config.suggestions import canonical, unknown

WORDS = st.text("abcxyz_", min_size=3, max_size=12)


def test_the_nearest_name_is_suggested_only_if_it_is_near() -> None:
    near = unknown("benchmark", "Split-MNIST", ["permuted_mnist", "split_mnist"])
    assert near == (
        "unknown benchmark 'Split-MNIST'; did you mean 'split_mnist'? "
        "There are: permuted_mnist, split_mnist."
    )
    far = unknown("benchmark", "zzz", ["split_mnist", "permuted_mnist"])
    assert far == "unknown benchmark 'zzz'. There are: split_mnist, permuted_mnist."


def test_a_name_that_several_have_is_listed_once() -> None:
    listed = unknown("setting", "zzz", ["beta", "window", "beta"])
    assert listed == "unknown setting 'zzz'. There are: beta, window."


def test_nothing_to_choose_from_is_said() -> None:
    assert unknown("run", "abc", []) == "unknown run 'abc'. There are: none."


@given(names=st.lists(WORDS, min_size=1, unique=True), choice=st.data())
def test_a_name_in_capitals_is_recognised(names: list[str], choice: st.DataObject) -> None:
    name = choice.draw(st.sampled_from(names))
    assert f"did you mean {name!r}?" in unknown("name", name.upper(), names)


@given(names=st.lists(WORDS, min_size=1, unique=True), choice=st.data())
def test_case_and_hyphens_make_no_difference(names: list[str], choice: st.DataObject) -> None:
    name = choice.draw(st.sampled_from(names))
    typed = f" {name.upper().replace('_', '-')} "
    assert canonical(typed, names) == name
    assert canonical(f"{name}d", names) is None  # no letter of `WORDS`


def test_an_abbreviation_is_meant_rather_than_a_name_that_is_merely_alike() -> None:
    known = ["acc", "learning_accuracy", "forgetting"]
    assert "did you mean 'acc'?" in unknown("metric", "accuracy", known)
    assert "did you mean 'learning_accuracy'?" in unknown("metric", "learning_acuracy", known)
