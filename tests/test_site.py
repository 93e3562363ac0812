"""The site has every method and loads nothing from afar, and its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import tomllib
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


@pytest.mark.parametrize(
    "loaded",
    [
        '<script src="https://unpkg.com/mermaid@11/dist/mermaid.min.js"></script>',
        "<script defer src=//example.org/a.js></script>",
        '<link href="https://fonts.example.org/css" rel="stylesheet">',
        '<link rel="preconnect" href="https://fonts.example.org">',
        '<img alt="a badge" src="https://example.org/badge.svg">',
        '<pre class="mermaid"><code>flowchart</code></pre>',
    ],
)
def test_a_page_that_loads_something_from_elsewhere_stops_the_build(
    hook: ModuleType, loaded: str
) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="page.md"))
    with pytest.raises(PluginError, match=r"page\.md (loads|has a diagram)"):
        hook.on_post_page(f"<html>{loaded}</html>", page=page)


def test_no_page_asks_github_for_stars(hook: ModuleType) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="page.md"))
    link = '<a href="https://github.com/a/b" class="md-source" data-md-component="source">a</a>'
    shown = '<a href="https://github.com/a/b" class="md-source">a</a>'
    assert hook.on_post_page(link, page=page) == shown


def test_links_that_a_reader_follows_are_not_loaded(hook: ModuleType) -> None:
    page = SimpleNamespace(file=SimpleNamespace(src_uri="page.md"))
    html = (
        '<link rel="canonical" href="https://example.org/page/"><a href="https://example.org">a</a>'
        '<script src="../assets/bundle.js"></script><link rel="stylesheet" href="assets/main.css">'
        "<code>&lt;script src=&quot;https://example.org&quot;&gt;</code>"
    )
    assert hook.on_post_page(html, page=page) == html


def test_the_layers_that_are_drawn_are_those_that_import_linter_holds() -> None:
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["tool"]["importlinter"]
    [layers] = [
        one["layers"] for one in contracts["contracts"] if one.get("containers") == ["harness"]
    ]
    page = (DOCS / "architecture.md").read_text()
    drawing = page.partition("```text\nharness")[2].partition("|\n")[0]
    assert [line.strip() for line in drawing.strip().splitlines()] == layers
    rooms = {room for layer in layers[2:] for room in layer.split(" : ")}
    assert set(re.findall(r"(?m)^\| `(\w+)` \| ", page)) == rooms
