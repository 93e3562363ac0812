"""The command line of `harness.results`, as it is typed and as it is explained."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from harness.cli.results_options import PLACES, PROGRAM, STATUSES, make_parser
from harness.config.scenarios import SCENARIOS
from harness.storage.record import STATUSES as STORED

FILTERS = dict.fromkeys(("benchmark", "profile", "scenario", "method", "status", "place"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pack", {"benchmark": None, "profile": None, "keep": False}),
        ("pack split_mnist --keep", {"benchmark": "split_mnist", "profile": None, "keep": True}),
        (
            "unpack split_mnist smoke --run 3f --run 40",
            {"benchmark": "split_mnist", "profile": "smoke", "run": ["3f", "40"], "keep": False},
        ),
        ("list", {**FILTERS, "runs": False}),
        ("list --method ewc --runs", {**FILTERS, "method": "ewc", "runs": True}),
        ("show 3f", {"run": "3f"}),
        ("verify", {}),
        ("merge ../other", {"other": Path("../other")}),
        (
            "delete 3f 40 --status failed --yes",
            {**FILTERS, "run": ["3f", "40"], "status": "failed", "yes": True, "dry_run": False},
        ),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: dict[str, Any]) -> None:
    argv = shlex.split(typed)
    args = vars(make_parser().parse_args(argv))
    assert args == {"command": argv[0], "results": Path("results"), "plugin": [], **meant}
    elsewhere = make_parser().parse_args([*argv, "--results", "there"])
    assert elsewhere.results == Path("there")


def test_filters_know_every_scenario_status_and_place() -> None:
    assert set(STATUSES) == {*STORED, "damaged", "newer"}
    for scenario in SCENARIOS:
        assert make_parser().parse_args(["list", "--scenario", scenario]).scenario == scenario
    for status in STATUSES:
        assert make_parser().parse_args(["list", "--status", status]).status == status
    for place in PLACES:
        assert make_parser().parse_args(["list", "--place", place]).place == place


@pytest.mark.parametrize("typed", ["", "lst", "list --stat failed", "show", "merge", "pack a b c"])
def test_what_cannot_be_read_is_refused(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        make_parser().parse_args(shlex.split(typed))
    assert refused.value.code == 2
    assert PROGRAM in capsys.readouterr().err


@pytest.mark.usefixtures("registrations")
def test_the_examples_of_the_help_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").touch()
    lines = make_parser().format_help().partition("examples:\n")[2].splitlines()
    examples = [line.strip() for line in lines if line.strip().startswith(PROGRAM)]
    assert len(examples) == 8
    for line in examples:
        make_parser().parse_args(shlex.split(line.removeprefix(PROGRAM), comments=True))
