"""Every command on a page of the documentation can be typed as it stands there.

A training is planned, which checks all that can be known before it; everything else is run, in a
folder with committed results, page by page in the order of the page. Blocks with the language `sh`
are run by `tests/package/test_pages.py`, outside of the repository.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))

COMMAND = re.compile(r"(?m)^    ((?:[^\n\\]|\\\n|\\.)+)$")
"""A line of an indented block, with those that a backslash continues it by."""

PLANNED: Final = ("compare", "ablation")
"""Commands that train, and can say what they would."""

OF_OTHER_PROGRAMS: Final = {
    "pip": "installs packages",
    "pytest": "is the suite itself",
    "ray": "needs several machines; tests/harness/execution starts a cluster",
    "sbatch": "needs Slurm",
    "tensorboard": "serves until it is stopped",
    "git": "needs a conflict of two branches",
    "mkdir": "goes with it",
}
"""What is not run, and why."""


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each command on a page, without comments and settings of the environment."""
    for line in COMMAND.findall(page.read_text()):
        try:
            words = shlex.split(line.replace("\\\n", " "), comments=True)
        except ValueError:
            continue  # the block is of something else
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            del words[0]
        if words and words[0] in {"python", "make", *OF_OTHER_PROGRAMS}:
            yield [word.replace("$SLURM_ARRAY_TASK_ID", "3") for word in words]


WITH_COMMANDS = [page for page in PAGES if any(commands(page))]


def test_the_commands_are_found() -> None:
    assert {page.name for page in WITH_COMMANDS} >= {"README.md", "comparing.md", "results.md"}


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=[page.stem for page in WITH_COMMANDS])
def test_commands_can_be_typed_as_they_stand(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("checkout", "other", "theirs"):
        shutil.copytree(ROOT / "results/split_mnist", tmp_path / place / "results/split_mnist")
    monkeypatch.chdir(tmp_path / "checkout")
    for program in ("srun", "sbatch"):  # a plan looks for them, and does not call them
        (tmp_path / program).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for words in commands(page):
        assert works(words), shlex.join(words)


def works(words: Sequence[str]) -> bool:
    """Whether a command does what it should, or would, where it is not run."""
    match words:
        case ["make", target, *_]:
            return target in TARGETS
        case ["python", "-m", module, *arguments]:
            name = module.removeprefix("harness.")
            planned = ["--plan"] if name in PLANNED and "--plan" not in arguments else []
            status: int = import_module(f"harness.{name}").main([*arguments, *planned])
            return status == 0
        case ["python", script, *_]:
            return (ROOT / script).is_file()
        case [program, *_]:
            return program in OF_OTHER_PROGRAMS
    return False


def test_a_packed_file_is_read_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    [script] = re.findall(r"(?ms)^```python\n(.*?)^```$", (ROOT / "docs/results.md").read_text())
    monkeypatch.chdir(ROOT)
    found: dict[str, Any] = {}
    exec(script, found)
    assert set(found["rows"]["run_id"]) == {record["id"] for record in found["records"]}


def test_the_commands_that_measure_a_claim_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results").mkdir()
    monkeypatch.chdir(tmp_path)
    report = (ROOT / "reports/paper.md").read_text()
    lines = set(re.findall(r"python -m harness\.[^`|;\n]+", report))
    assert lines
    for line in lines:
        assert works(shlex.split(line)), line
