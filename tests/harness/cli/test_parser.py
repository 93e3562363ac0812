"""What is wrong comes first, and how the command is called after it."""

from __future__ import annotations

import pytest

from harness.cli.parser import USAGE_ERROR, CommandParser


@pytest.fixture
def parser() -> CommandParser:
    made = CommandParser(prog="python -m harness.example")
    made.add_argument("--seeds", type=int, required=True)
    under = made.add_subparsers(dest="command").add_parser("verify")
    under.add_argument("--dry-run", action="store_true")
    return made


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the following arguments are required: --seeds"),
        (["--seeds", "two"], "argument --seeds: invalid int value: 'two'"),
        (["--seeds", "2", "--sed=3"], "unknown argument '--sed'; did you mean '--seeds'?"),
        (["--seeds", "2", "verify", "--dryrun"], "did you mean '--dry-run'?"),
        (["--seeds", "2", "--seeds", "3"], "argument --seeds: it is there twice; leave out one"),
        (["--seed=2"], "the following arguments are required: --seeds"),  # no abbreviation
    ],
)
def test_the_message_comes_first(
    parser: CommandParser,
    words: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refused:
        parser.parse_args(words)
    assert refused.value.code == USAGE_ERROR
    first, blank, usage = capsys.readouterr().err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert blank == ""
    assert usage.startswith("usage: python -m harness.example")
    assert "--help" in usage


def test_a_parser_is_used_again(parser: CommandParser) -> None:
    assert [parser.parse_args(["--seeds", seed]).seeds for seed in "23"] == [2, 3]


def test_the_help_lists_every_option(
    parser: CommandParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--help"])
    assert ended.value.code == 0
    assert "--seeds" in capsys.readouterr().out
