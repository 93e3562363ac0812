"""The site's reference has every method, and links to the repository lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from mkdocs.exceptions import PluginError

import rmn
from baselines.registry import methods

DOCS = Path(__file__).parents[1] / "docs"
ADDRESS = "https://example.org/project"


@pytest.fixture
def hook() -> ModuleType:
    path = DOCS / "site_hooks.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shown(hook: ModuleType, markdown: str, page: str = "page.md") -> str:
    config = {"docs_dir": str(DOCS), "repo_url": ADDRESS}
    text: str = hook.on_page_markdown(
        markdown, page=SimpleNamespace(file=SimpleNamespace(src_uri=page)), config=config
    )
    return text


def documented(hook: ModuleType, page: str) -> set[str]:
    """Modules whose docstrings a page shows."""
    text = shown(hook, (DOCS / page).read_text(), page)
    return set(re.findall(r"(?m)^::: (\S+)", text))


def test_the_reference_has_every_method(hook: ModuleType) -> None:
    found = documented(hook, "api/baselines.md")
    assert {method.__module__ for method in methods().values()} <= found
    assert all(importlib.util.find_spec(module) for module in found)


def test_the_reference_has_what_rmn_offers(hook: ModuleType) -> None:
    found = documented(hook, "api/rmn.md")
    for name in rmn.__all__:
        module = getattr(rmn, name).__module__
        assert {module, module.rpartition(".")[0]} & found, name


@pytest.mark.parametrize(
    ("page", "link", "address"),
    [
        ("page.md", "../LICENSE", f"{ADDRESS}/blob/main/LICENSE"),
        ("page.md", "../README.md#layout", f"{ADDRESS}/blob/main/README.md#layout"),
        ("page.md", "../examples/", f"{ADDRESS}/tree/main/examples"),
        ("api/page.md", "../../LICENSE", f"{ADDRESS}/blob/main/LICENSE"),
        ("api/page.md", "../protocol.md", "../protocol.md"),
        ("page.md", "protocol.md", "protocol.md"),
        ("page.md", "https://example.org/a", "https://example.org/a"),
    ],
)
def test_a_link_to_the_repository_leads_there(
    hook: ModuleType, page: str, link: str, address: str
) -> None:
    assert shown(hook, f"See [it]({link}).", page) == f"See [it]({address})."


def test_a_link_to_nothing_stops_the_build(hook: ModuleType) -> None:
    with pytest.raises(PluginError, match=r"page\.md links to \.\./NOTHING"):
        shown(hook, "[it](../NOTHING)")
