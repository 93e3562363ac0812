import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.__main__ import USAGE_ERROR, commands, main

ROOT = Path(__file__).parents[2]


def test_every_command_is_listed_with_a_summary(capsys: pytest.CaptureFixture[str]) -> None:
    known = commands()
    assert {"bench", "compare", "paper_tables", "report", "tune"} <= known.keys()
    assert main([]) == 0
    text = capsys.readouterr().out
    for name, summary in known.items():
        assert not name.startswith("_")
        assert summary
        assert "`python -m" not in summary
        assert f"  {name} " in text
        assert summary in text


def test_the_list_needs_neither_torch_nor_pandas() -> None:
    code = (
        "import sys\n"
        "from harness.__main__ import main\n"
        "main(['--help'])\n"
        "sys.exit('imported' if {'torch', 'avalanche', 'pandas'} & sys.modules.keys() else 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)


def test_arguments_reach_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m harness.report")


@pytest.mark.parametrize(
    "argv",
    [
        ["ablation", "--results"],
        ["ablation", "--page"],
        ["bench", "--page"],
        ["compare", "--benchmark", "split_mnist", "--results"],
        ["compare", "--benchmark", "split_mnist", "--reports"],
        ["compare", "--benchmark", "split_mnist", "--data"],
        ["compare", "--benchmark", "split_mnist", "--logs"],
        ["compare", "--benchmark", "split_mnist", "--tuned"],
        ["pages", "--docs"],
        ["pages", "--results"],
        ["paper_tables", "--results"],
        ["report", "--reports"],
        ["results", "list", "--results"],
        ["results", "merge"],
        ["study"],
        ["tune", "--benchmark", "split_mnist", "--output"],
    ],
    ids=lambda argv: " ".join(argv),
)
def test_an_empty_name_of_a_folder_is_not_this_folder(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*argv, ""])
    assert ended.value.code == USAGE_ERROR
    assert "the name is empty; write . for this folder" in capsys.readouterr().err


def test_the_exit_status_is_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []

    def stand_in(argv: list[str]) -> int:
        given.append(argv)
        return 3

    monkeypatch.setattr("harness.report.main", stand_in)
    assert main(["report", "--format", "md"]) == 3
    assert given == [["--format", "md"]]


def test_the_process_arguments_are_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rmn-harness", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"rmn-harness {version('rmn-harness')}\n"


def test_an_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["comparre"]) == USAGE_ERROR
    error = capsys.readouterr().err
    assert "unknown command 'comparre'; did you mean 'compare'?" in error


def test_it_runs_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "harness", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("rmn-harness ")
