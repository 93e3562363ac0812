"""The rise of beta, by hand and by its laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmn.mapping.tightening import rising_beta

BETAS = st.floats(1, 1e4)


def test_by_hand() -> None:
    values = [rising_beta(10.0, 1000.0, step=step, steps=5) for step in range(7)]
    tenth = 10**0.5
    assert values == pytest.approx([10, 10 * tenth, 100, 100 * tenth, 1000, 1000, 1000])
    assert rising_beta(10.0, 1000.0, step=0, steps=1) == 1000


@given(BETAS, BETAS, st.integers(2, 50), st.integers(1, 50), st.data())
def test_the_number_of_steps_does_not_change_the_shape(
    first: float, last: float, steps: int, finer: int, data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, steps - 1))
    coarse = rising_beta(first, last, step=step, steps=steps)
    fine = rising_beta(first, last, step=step * finer, steps=(steps - 1) * finer + 1)
    assert fine == pytest.approx(coarse)


@given(BETAS, BETAS, st.integers(1, 50), st.integers(0, 60))
def test_it_stays_between_its_ends(first: float, last: float, steps: int, step: int) -> None:
    beta = rising_beta(first, last, step=step, steps=steps)
    low, high = sorted((first, last))
    assert low * (1 - 1e-9) <= beta <= high * (1 + 1e-9)
