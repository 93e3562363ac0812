"""What the commands that write reports share."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import pandas as pd
import pytest

from harness.cli.arguments import ArgumentError
from harness.cli.reporting import add_report_options, check_report_options, write_report
from harness.reporting.model import Report, Table, Text
from harness.reporting.writer import writers


def parsed(*words: str) -> Namespace:
    parser = ArgumentParser()
    add_report_options(parser)
    return parser.parse_args(words)


@pytest.fixture
def report() -> Report:
    return Report(
        stem="scores",
        title="Scores",
        tables=[Table("", ["method"], [[Text("ewc")]])],
        data=pd.DataFrame({"method": ["ewc"]}),
        template=Path("unused.typ"),
        content={},
        damaged={Path("results/x"): "ValueError: no record"},
    )


def test_every_format_and_profile_may_be_asked_for() -> None:
    check_report_options(parsed())
    check_report_options(parsed("--format", ",".join(writers()), "--profile", "paper"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--profile", "papr"], "unknown profile 'papr'; did you mean 'paper'"),
        (["--format", "md,pfd"], "unknown format 'pfd'; did you mean 'pdf'"),
        (["--format", ","], "--format names no format"),
    ],
)
def test_what_there_is_not_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        check_report_options(parsed(*words))


def test_each_format_is_written_and_its_path_printed(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_report(report, parsed("--format", "md,csv", "--reports", str(tmp_path)))
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [f"{tmp_path}/scores.md", f"{tmp_path}/scores.csv"]
    named, advice = printed.err.splitlines()
    assert named == "results/x is damaged and left alone: ValueError: no record"
    assert "harness.results verify names all" in advice
    assert (tmp_path / "scores.csv").read_text() == "method\newc\n"
    assert "| ewc |" in (tmp_path / "scores.md").read_text()


def test_a_folder_that_cannot_be_written_to_is_named(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ArgumentError, match=f"cannot write to {file}: .* another folder by"):
        write_report(report, parsed("--format", "md", "--reports", str(file)))
