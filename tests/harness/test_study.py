"""The command of studies refuses what it cannot do; docs/studies.md is run by `make package`."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import study

FILE = """
benchmark = "split_mnist"
method = "ewc"
[search]
"ewc.ewc_lambda" = [1, 10.0]
"""


@pytest.mark.parametrize(
    ("text", "argv", "message"),
    [
        ("", [], "benchmark is missing"),
        (FILE.replace("ewc_lambda", "strength"), [], "unknown setting 'ewc.strength'"),
        (FILE, ["--format", "doc"], "unknown format 'doc'"),
        (FILE, ["--log", "paper"], "unknown logger 'paper'"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_run(
    text: str,
    argv: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(text)
    with pytest.raises(SystemExit) as ended:
        study.main(["mine.toml", *argv])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        study.main([str(tmp_path / "nothing.toml")])
    assert ended.value.code == 2
    assert "nothing.toml cannot be read" in capsys.readouterr().err
