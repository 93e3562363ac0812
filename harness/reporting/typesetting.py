"""PDFs from a template and content; equal content gives equal bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typst

from harness.reporting.model import Table

_SHARED: Final = (Path(__file__).parent / "templates" / "common.typ",)
"""What templates import."""


def typeset(template: Path, content: Mapping[str, Any], folder: Path) -> bytes:
    """The PDF of a template.

    Args:
        template: Typst source that reads its content as JSON from `sys.inputs.data`.
        content: what it is given.
        folder: of the files that the content names; the template is copied there, and what
            templates share.
    """
    for each in (template, *_SHARED):
        (folder / each.name).write_text(each.read_text())
    source = folder / template.name
    pdf: bytes = typst.compile(
        str(source),
        sys_inputs={"data": json.dumps(content)},
        timestamp=0,
        ignore_system_fonts=True,
        pdf_tags=False,  # half of a report's size, and readers of PDFs complain about them
    )
    return pdf


def table_content(table: Table) -> dict[str, Any]:
    """A table as `booktabs` of the templates takes it; a number is never parted from its interval.

    Args:
        table: of texts.
    """
    return {
        "caption": table.summary,
        "head": list(table.head),
        "left": sorted(table.left),
        "rows": [
            [
                {"text": _kept(cell.text), "best": cell.bold, "quoted": _kept(cell.quoted)}
                for cell in row
            ]
            for row in table.rows
        ],
        "notes": list(table.notes),
    }


def _kept(text: str) -> str:
    return text.replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
