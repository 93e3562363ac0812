"""What the comparisons cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.hours import hours_table
from harness.results import main
from harness.storage.provenance import ROOT


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    results = ROOT / "results"
    words = ["--results", str(results), "--profile", "constant", "--seeds", "2"]
    assert main(["hours", *words]) == 0
    assert capsys.readouterr().out.strip() == hours_table(results, "constant", seeds=2)


def test_without_results_there_is_a_heading_alone(tmp_path: Path) -> None:
    assert len(hours_table(tmp_path, "default", seeds=5).splitlines()) == 2


def test_an_unknown_profile_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["hours", "--results", str(ROOT / "results"), "--profile", "papers"])
    assert "did you mean 'paper'?" in capsys.readouterr().err
