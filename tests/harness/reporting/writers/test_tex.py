"""LaTeX, read back by a parser of the little of it that tables need."""

from __future__ import annotations

import re
from pathlib import Path

from harness.reporting.model import Report, Text
from harness.reporting.writers.tex import write_tex

PLAIN = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textbar{}": "|",
    r"$\pm$": "±",
    "--": "–",
    **{rf"\{character}": character for character in "&%$#_{}"},
}
TOKEN = re.compile("|".join(re.escape(token) for token in sorted(PLAIN, key=len, reverse=True)))
SPECIAL = set("&%$#_{}~^\\")


def plain(tex: str) -> str:
    """A text as LaTeX prints it; a special character that is not escaped is an error."""
    between = TOKEN.split(tex)
    assert not SPECIAL & set("".join(between)), tex
    return TOKEN.sub(lambda match: PLAIN[match[0]], tex)


def read(cell: str) -> Text:
    match = re.fullmatch(
        r"(\\textbf\{(?P<bold>.*?)\}|(?P<text>.*?)) ?(\\textit\{(?P<quoted>.*)\})?", cell
    )
    assert match, cell
    bold = match["bold"] is not None
    text = match["bold"] if bold else match["text"]
    return Text(plain(text), bold, plain(match["quoted"] or ""))


def tables(tex: str) -> list[tuple[str, list[list[str]]]]:
    """Column letters and rows of each tabular, comments left out."""
    tex = re.sub(r"(?<!\\)%.*", "", tex)
    found = re.findall(r"\\begin\{tabular\}\{([lr]+)\}(.*?)\\end\{tabular\}", tex, re.DOTALL)
    made = []
    for columns, body in found:
        body = re.sub(r"\\(top|mid|bottom)rule\n", "", body)
        rows = [row.strip() for row in re.split(r"\\\\\n", body) if row.strip()]
        cells = [[part.strip() for part in re.split(r"(?<!\\)&", row)] for row in rows]
        made.append((columns, cells))
    return made


def test_what_is_written_is_read_back(awkward: Report, tmp_path: Path) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    found = tables((tmp_path / "a.tex").read_text())
    assert [columns for columns, _ in found] == ["lr", "lrl"]
    for (_, (head, *rows)), table in zip(found, awkward.tables, strict=True):
        assert [plain(title) for title in head] == table.head
        assert [[read(cell) for cell in row] for row in rows] == table.rows


def test_three_rules_frame_each_table(awkward: Report, tmp_path: Path) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    rules = re.findall(r"\\(\w+)rule", (tmp_path / "a.tex").read_text())
    assert rules == ["top", "mid", "bottom"] * 2


def test_whatever_is_no_table_is_a_comment(awkward: Report, tmp_path: Path) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    text = (tmp_path / "a.tex").read_text()
    outside = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}\n", "", text, flags=re.DOTALL)
    assert all(line.startswith("% ") for line in outside.splitlines())
    assert "% A report; needs \\usepackage{booktabs}" in outside
    assert "% Of 50 % & more." in outside
    assert "% [2] 100 % other" in outside
