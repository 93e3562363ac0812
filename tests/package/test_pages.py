"""Every page about adding something works as it stands, in a folder outside the repository.

Blocks of code with a title are files, and blocks of the shell are run one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted(DOCS.glob("adding_*.md")), DOCS / "plugins.md", DOCS / "studies.md"]
BLOCK = re.compile(
    r'^```(?:(?:python|toml) title="(.+?)"|(sh))\n(.*?)^```$', re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_works_as_it_stands(page: Path, shell: Callable[[str], str], tmp_path: Path) -> None:
    blocks = BLOCK.findall(page.read_text())
    assert any(title for title, _, _ in blocks)
    assert any(is_shell for _, is_shell, _ in blocks)
    for title, is_shell, content in blocks:
        if is_shell:
            shell(content)
        else:
            (tmp_path / title).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / title).write_text(content)


@pytest.mark.parametrize("kind", ["method", "benchmark", "network", "metric"])
def test_what_is_written_to_start_from_passes_its_test(
    kind: str, shell: Callable[[str], str]
) -> None:
    shell(f"python -m harness.new {kind} mine\npython -m pytest -q test_mine.py")
