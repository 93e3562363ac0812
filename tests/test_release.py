"""What a release repeats in several files says the same in each."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_version_is_the_same_everywhere() -> None:
    [cited] = re.findall(r"(?m)^version: (.+)$", (ROOT / "CITATION.cff").read_text())
    released = re.findall(r"(?m)^## \[(\d.+?)\]", (ROOT / "CHANGELOG.md").read_text())
    assert cited == PROJECT["version"] == released[0]


def test_the_licence_is_the_same_everywhere() -> None:
    [cited] = re.findall(r"(?m)^license: (.+)$", (ROOT / "CITATION.cff").read_text())
    assert cited == PROJECT["license"] == "MIT"
    assert all((ROOT / file).is_file() for file in PROJECT["license-files"])


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
