"""Hooks of MkDocs: each notebook in docs/ is executed, and its page has the outputs.

Notebooks are committed without outputs, so that nothing in them is older than the code.
"""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import nbformat
from mkdocs.structure.files import File
from nbclient import NotebookClient
from nbconvert.exporters import MarkdownExporter
from traitlets.config import Config

_SECONDS: Final = 300
"""A cell that takes longer hangs."""

_LINK: Final = re.compile(r"(\]\((?!\w+:)[^)#]+)\.ipynb\b")

_PANDAS: Final = re.compile(r'<style scoped>.*?</style>\n| border="1" class="dataframe"', re.DOTALL)
"""How pandas lets its tables look; the theme does that, for tables without a class."""

_TEMPLATE: Final = """{% extends "markdown/index.md.j2" %}
{% block data_svg %}
![{{ cell.metadata.alt }}]({{ output.metadata.filenames["image/svg+xml"] | path2url }})
{% endblock data_svg %}
"""
"""A figure's alternative text is in the metadata of its cell."""


def on_files(files: Any, *, config: Any, **_: Any) -> Any:
    """The files with a page and its figures in place of each notebook.

    Args:
        files: of MkDocs.
        config: of MkDocs.
    """
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        files.remove(notebook)
        for place, content in page(Path(notebook.abs_src_path)).items():
            uri = (Path(notebook.src_uri).parent / place).as_posix()
            files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with links to the pages of notebooks, where it has links to notebooks.

    Args:
        markdown: of the page.
    """
    return _LINK.sub(r"\1.md", markdown)


def page(notebook: Path) -> dict[str, str | bytes]:
    """What a notebook becomes: Markdown and figures, by their paths from its folder.

    Args:
        notebook: a file.
    """
    exporter = MarkdownExporter(config=Config(), raw_template=_TEMPLATE)
    folder = f"{notebook.stem}_figures"
    names = {"unique_key": notebook.stem, "output_files_dir": folder}
    markdown, resources = exporter.from_notebook_node(executed(notebook), resources=names)
    return {f"{notebook.stem}.md": _PANDAS.sub("", markdown), **resources["outputs"]}


def executed(notebook: Path) -> nbformat.NotebookNode:
    """A notebook with its outputs; its working directory is its own folder.

    Args:
        notebook: a file.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raises.
    """
    cells = nbformat.read(notebook, as_version=4)
    where = {"metadata": {"path": str(notebook.parent)}}
    with TemporaryDirectory() as sockets:
        # Talk by files: the default, ports of the machine, is open to everyone on it.
        by_files = {"transport": "ipc", "ip": str(Path(sockets) / "kernel")}
        NotebookClient(
            cells,
            timeout=_SECONDS,
            kernel_name="python3",
            resources=where,
            config=Config({"KernelManager": by_files}),
        ).execute()
    return cells
