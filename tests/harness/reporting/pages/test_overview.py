"""The standings that the documentation shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from harness.reporting.pages.overview import main_standings_section, standings_section

SaveRun = Callable[..., Path]


def test_the_main_standings_have_the_methods_of_a_default_comparison(
    tmp_path: Path, save_run: SaveRun
) -> None:
    for seed in range(3):
        save_run(tmp_path, "rmn", seed, 0.9 + seed / 1000)
        save_run(tmp_path, "wsn", seed, 0.99 + seed / 1000)
    everything, main = standings_section(tmp_path), main_standings_section(tmp_path)
    assert "| **99.10 ± 0.25 (n=3)** |" in everything
    assert "99.10" not in main
    row = "| 90.10 ± 0.25 (n=3) |"  # not bold beside what is not shown
    assert row in everything
    assert row in main
