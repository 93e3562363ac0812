"""Colours that stand out from the page, light or dark (WCAG 2.2, contrast ratio)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float64]
"""Red, green and blue from 0 to 1, (3,)."""

PAPER: Final = "#ffffff"
"""Background of the light page; the same as in page.css."""

NIGHT: Final = "#15181c"
"""Background of the dark page; the same as in page.css."""

GRAPHICS: Final = 3.0
"""Least contrast of graphics (WCAG 2.2, 1.4.11)."""

_WEIGHTS: Final = np.array([0.2126, 0.7152, 0.0722])
_STEPS: Final = 20


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21.

    Args:
        one: hex digits, such as "#0173b2".
        other: likewise.

    >>> round(contrast("#000000", "#ffffff"), 2)
    21.0
    """
    darker, lighter = sorted(_luminance(_read(colour)) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, background: str, least: float = GRAPHICS) -> str:
    """The nearest colour on the way to white or black that stands out from a background.

    Args:
        colour: hex digits.
        background: likewise.
        least: contrast ratio.
    """
    start = _read(colour)
    end = np.ones(3) if contrast("#ffffff", background) > contrast("#000000", background) else 0.0
    mixed = (start + (end - start) * step / _STEPS for step in range(_STEPS))
    found = (text for text in map(_text, mixed) if contrast(text, background) >= least)
    return next(found, _text(np.zeros(3) + end))


def _luminance(colour: Colour) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ _WEIGHTS)


def _read(text: str) -> Colour:
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def _text(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour.tolist())
