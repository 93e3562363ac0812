"""`python -m harness.ablation`: plan, page and refusals, without training."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.ablation import main


def test_the_plan_counts_what_is_to_be_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--plan", "--benchmark", "split_mnist", "--factor", "beta,start", "--seeds", "2"]
    assert main([*argv, "--results", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "split_mnist: 18 of 18 runs to make.\n"


def test_a_page_is_not_made_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "ablation.md"
    page.write_text("as it was")
    assert main(["--page-only", "--results", str(tmp_path / "none"), "--page", str(page)]) == 1
    assert page.read_text() == "as it was"
    assert "no run of the ablation in" in capsys.readouterr().err


def test_the_page_alone_is_made_of_the_committed_runs(tmp_path: Path) -> None:
    page = tmp_path / "ablation.md"
    assert main(["--page-only", "--page", str(page)]) == 0
    assert page.read_text().startswith("# Ablation")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--factor", "betta"], "did you mean 'beta'"),
        (["--benchmark", "split_mnits"], "did you mean 'split_mnist'"),
        (["--threads", "2"], "leave out --threads"),
        (["--page-only", "--page", "."], "--page: . is a folder; name a file in it"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
