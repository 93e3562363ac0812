"""The options that commands share: what they are without being given, and what they accept."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import options
from harness.config.scenarios import SCENARIOS
from harness.execution.executor import executors


def test_defaults() -> None:
    parser = ArgumentParser()
    options.add_profile(parser)
    options.add_execution(parser)
    options.add_results(parser)
    options.add_reports(parser)
    options.add_formats(parser, ["md", "pdf"])
    assert vars(parser.parse_args([])) == {
        "profile": "default",
        "jobs": None,
        "threads": None,
        "device": "auto",
        "executor": "local",
        "data": None,
        "log": None,
        "logs": Path("logs"),
        "plugin": [],
        "results": Path("results"),
        "reports": Path("reports"),
        "format": "pdf",
    }


def test_a_benchmark_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    options.add_benchmark(parser)
    assert parser.parse_args(["--benchmark", "x"]).benchmark == "x"
    with pytest.raises(SystemExit):
        parser.parse_args([])
    assert "--benchmark" in capsys.readouterr().err


def test_scenarios_are_explained_and_left_to_the_benchmark() -> None:
    parser = ArgumentParser()
    options.add_scenario(parser)
    assert parser.parse_args([]).scenario is None
    text = " ".join(parser.format_help().split())
    for name, meaning in SCENARIOS.items():
        assert f"{name}: {meaning}" in text


def test_every_executor_may_be_chosen_and_no_other() -> None:
    parser = ArgumentParser(exit_on_error=False)
    options.add_execution(parser)
    for name in executors():
        assert parser.parse_args(["--executor", name]).executor == name
    with pytest.raises(Exception, match="invalid choice: 'nobody'"):
        parser.parse_args(["--executor", "nobody"])


@given(st.integers(1, 10_000))
def test_a_count_is_read(number: int) -> None:
    assert options.count(str(number)) == number


@pytest.mark.parametrize("text", ["", "0", "10001", "-1", "1.0", "two", " 1", "1e3"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not a whole number from 1 to 10000"):
        options.count(text)


def test_an_empty_name_of_a_folder_is_refused() -> None:
    assert options.path("a b/ü") == Path("a b/ü")
    with pytest.raises(ArgumentTypeError, match=r"write \. for this folder"):
        options.path("")


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_part_is_one_of_its_parts(number: int, parts: int) -> None:
    text = f"{number}/{parts}"
    if number <= parts:
        assert options.part(text) == (number, parts)
    else:
        with pytest.raises(ArgumentTypeError, match=f"'{text}' is not K/N with K from 1 to N"):
            options.part(text)


@pytest.mark.parametrize("text", ["", "4", "0/4", "/", "1/", "/4", "a/b", "-1/4", "1/2/3"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is not K/N"):
        options.part(text)
