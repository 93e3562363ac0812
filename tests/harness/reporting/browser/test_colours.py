"""Contrast by WCAG's own examples, and shades that always have enough of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reporting.browser.colours import GRAPHICS, NIGHT, PAPER, contrast, readable

hues = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),  # the grey that just fails 4.5 : 1
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#ff0000", 1.0),
    ],
)
def test_contrast_is_that_of_other_calculators(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


@given(hue=hues, background=st.sampled_from([PAPER, NIGHT]))
def test_a_shade_stands_out_and_stays_where_it_does(hue: str, background: str) -> None:
    shade = readable(hue, background)
    assert contrast(shade, background) >= GRAPHICS
    if contrast(hue, background) >= GRAPHICS:
        assert shade == hue


def test_backgrounds_are_those_of_the_page() -> None:
    from harness.reporting.browser.page import TEMPLATES

    style = (TEMPLATES / "page.css").read_text()
    assert f"--page: light-dark({PAPER}, {NIGHT})" in style
