"""Which device runs will be made on, as far as it can be told without torch."""

from __future__ import annotations

import shutil
from typing import Final

DEVICES: Final = ("cpu", "cuda")
"""Kinds of them."""


def expected_device(device: str) -> str:
    """The device that `--device` stands for on this machine.

    torch would know for certain, and takes seconds to import: a GPU is expected where NVIDIA's
    driver has brought its command line.

    Args:
        device: "auto", "cpu" or "cuda".

    Returns:
        "cpu" or "cuda".
    """
    if device != "auto":
        return device
    return "cuda" if shutil.which("nvidia-smi") else "cpu"
