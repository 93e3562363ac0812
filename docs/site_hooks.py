"""Hooks of MkDocs: links to the repository, reference of every method, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.exceptions import PluginError

_OUTSIDE: Final = re.compile(r"\]\((?P<path>(?:\.\./)+[^)#]+)(?P<anchor>#[^)]*)?\)")

_LOADED: Final = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*?\bsrc=["']?(?P<source>(?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|icon|preload|preconnect|modulepreload)\b)"""
    r"""[^>]*?\bhref=["']?(?P<link>(?:https?:)?//[^"'\s>]+)"""
)
"""What a browser asks for when it opens a page, of another host."""

_COUNTS_STARS: Final = ' data-md-component="source"'
"""Of the theme's link to the repository: with it, each page asks GitHub how popular that is."""

_METHODS: Final = "<!-- a module of `baselines` for each method -->"
_NO_METHODS: Final = ("__init__", "context", "interface", "plugins", "registration", "registry")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page with every method where it asks for them, and addresses of files outside docs/.

    Args:
        markdown: of the page.
        page: of MkDocs.
        config: of MkDocs.

    Raises:
        PluginError: a link leads to no file of the repository.
    """
    docs = Path(config["docs_dir"])
    return _linked(markdown.replace(_METHODS, _reference(docs.parent)), page, config, docs)


def on_post_page(output: str, *, page: Any, **_: Any) -> str:
    """The page, which asks no other host for anything.

    Args:
        output: HTML of the page.
        page: of MkDocs.

    Raises:
        PluginError: it would load something.
    """
    if found := _LOADED.search(output):
        address = found["source"] or found["link"]
        raise PluginError(f"{page.file.src_uri} loads {address}; put the file into docs/")
    if 'class="mermaid"' in output:
        raise PluginError(
            f"{page.file.src_uri} has a diagram of Mermaid, which the theme loads from a CDN; "
            "draw it as text, or as an SVG in docs/figures/"
        )
    return output.replace(_COUNTS_STARS, "")


def _reference(root: Path) -> str:
    """What mkdocstrings makes the documentation of each method of."""
    modules = sorted(path.stem for path in (root / "baselines").glob("*.py"))
    shown = [name for name in modules if name not in _NO_METHODS]
    return "\n\n".join(f"::: baselines.{name}\n    options: {{heading_level: 3}}" for name in shown)


def _linked(markdown: str, page: Any, config: Any, docs: Path) -> str:
    here = (docs / page.file.src_uri).parent

    def lead(link: re.Match[str]) -> str:
        target = (here / link["path"]).resolve()
        if target.is_relative_to(docs):
            return link[0]
        if not target.exists():
            raise PluginError(f"{page.file.src_uri} links to {link['path']}, which is not there")
        kind = "tree" if target.is_dir() else "blob"
        place = target.relative_to(docs.parent).as_posix()
        return f"]({config['repo_url']}/{kind}/main/{place}{link['anchor'] or ''})"

    return _OUTSIDE.sub(lead, markdown)
