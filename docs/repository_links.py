"""Hook of MkDocs: links from pages to files of the repository that are no pages lead to GitHub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.exceptions import PluginError

_OUTSIDE: Final = re.compile(r"\]\((?P<path>(?:\.\./)+[^)#]+)(?P<anchor>#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """The page with addresses of files outside its folder.

    Args:
        markdown: of the page.
        page: of MkDocs.
        config: of MkDocs.

    Raises:
        PluginError: a link leads to no file of the repository.
    """
    docs = Path(config["docs_dir"])
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
