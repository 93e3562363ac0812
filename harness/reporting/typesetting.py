"""PDFs from a template and content; equal content gives equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst


def typeset(template: Path, content: Mapping[str, Any], folder: Path) -> bytes:
    """The PDF of a template.

    Args:
        template: Typst source that reads its content as JSON from `sys.inputs.data`.
        content: what it is given.
        folder: of the files that the content names; the template is copied there.
    """
    source = folder / template.name
    source.write_text(template.read_text())
    pdf: bytes = typst.compile(
        str(source),
        sys_inputs={"data": json.dumps(content)},
        timestamp=0,
        ignore_system_fonts=True,
        pdf_tags=False,  # half of a report's size, and readers of PDFs complain about them
    )
    return pdf
