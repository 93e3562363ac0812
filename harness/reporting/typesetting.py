"""PDFs from a template and content; equal content gives equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst


def write_pdf(template: Path, content: Mapping[str, Any], folder: Path, path: Path) -> None:
    """Typeset a template, and replace the PDF only when that has worked.

    Args:
        template: Typst source that reads its content as JSON from `sys.inputs.data`.
        content: what it is given.
        folder: of the files that the content names; the template is copied there.
        path: of the PDF.
    """
    source = folder / template.name
    source.write_text(template.read_text())
    pdf = typst.compile(
        str(source),
        sys_inputs={"data": json.dumps(content)},
        timestamp=0,
        ignore_system_fonts=True,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(pdf)
    unfinished.replace(path)
