"""Templates and their content become PDFs; the template itself checks what it is given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.reporting.typesetting import typeset

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
contents = st.dictionaries(texts, texts | st.integers(-9, 9) | st.booleans(), max_size=4)


def template(folder: Path, source: str) -> Path:
    """In a folder of its own, as those of the package are."""
    path = folder / "templates" / "page.typ"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    return path


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents)
def test_any_content_reaches_the_template_as_it_is(tmp_path: Path, content: dict[str, Any]) -> None:
    (tmp_path / "wanted.json").write_text(json.dumps(content))
    page = template(tmp_path, '#assert.eq(json(bytes(sys.inputs.data)), json("wanted.json"))')
    assert typeset(page, content, tmp_path).startswith(b"%PDF")


def test_equal_content_gives_equal_bytes_and_other_content_others(tmp_path: Path) -> None:
    page = template(tmp_path, "#json(bytes(sys.inputs.data)).word")
    one, same, other = (typeset(page, {"word": w}, tmp_path) for w in ("one", "one", "other"))
    assert one == same != other


def test_no_time_is_written_and_no_font_of_this_machine(tmp_path: Path) -> None:
    pdf = typeset(template(tmp_path, "#set document(date: none)\nword"), {}, tmp_path)
    assert not re.search(rb"D:(?!1970)\d{4}", pdf)
    assert b"Libertinus" in pdf  # Typst's own


def test_a_mistake_in_a_template_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unknown variable: nothing"):
        typeset(template(tmp_path, "#nothing"), {}, tmp_path)
