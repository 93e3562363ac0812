"""LaTeX, read back by a parser of the little of it that tables need."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.reporting.model import Report, Table, Text
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
    cell = re.sub(r"\\shortstack\[r\]\{(.*)\}", r"\1", cell).replace(" \\\\ ", " ")
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
    kind = r"\\begin\{tabularx?\}(?:\{\\linewidth\})?\{(.*?)\}\n(.*?)\\end\{tabularx?\}"
    made = []
    for letters, body in re.findall(kind, tex, re.DOTALL):
        columns = re.sub(r">\{.*?arraybackslash\}", "", letters)
        body = re.sub(r"\\(top|mid|bottom)rule\n", "", body)
        rows = [row.strip() for row in re.split(r"\\\\\n", body) if row.strip()]
        cells = [[part.strip() for part in re.split(r"(?<!\\)&", row)] for row in rows]
        made.append((columns, cells))
    return made


def test_what_is_written_is_read_back(awkward: Report, tmp_path: Path) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    found = tables((tmp_path / "a.tex").read_text())
    assert [columns for columns, _ in found] == ["Xr", "lrl"]
    for (_, (head, *rows)), table in zip(found, awkward.tables, strict=True):
        assert [plain(title) for title in head] == table.head
        assert [[read(cell) for cell in row] for row in rows] == table.rows


def test_three_rules_frame_each_table(awkward: Report, tmp_path: Path) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    rules = re.findall(r"\\(\w+)rule", (tmp_path / "a.tex").read_text())
    assert rules == ["top", "mid", "bottom"] * 2


def test_each_table_is_a_float_with_a_caption_and_a_label_of_its_own(
    awkward: Report, tmp_path: Path
) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    text = (tmp_path / "a.tex").read_text()
    assert text.count("\\begin{table}") == text.count("\\end{table}") == 2
    assert "\\caption{Of 50 \\% \\& more.}" in text
    assert re.findall(r"\\label\{(.*?)\}", text) == ["tab:awkward-1", "tab:awkward-2"]
    assert "[2] 100 \\% other" in text
    assert text.startswith("% A report\n% \\usepackage{booktabs,tabularx,graphicx}")


def test_long_texts_are_paragraphs_that_share_the_line(tmp_path: Path, awkward: Report) -> None:
    rows = [[Text("short"), Text("x" * 100), Text("--set a=1 " * 40)]]
    wide = Table("", ["A", "B", "C"], rows, frozenset({0, 1, 2}))
    write_tex(replace(awkward, tables=[wide]), tmp_path / "a.tex")
    text = (tmp_path / "a.tex").read_text()
    assert "\\begin{tabularx}{\\linewidth}{l>" in text
    shares = [float(one) for one in re.findall(r"\\hsize=([\d.]+)\\hsize", text)]
    assert sum(shares) == pytest.approx(2)  # as tabularx asks for
    assert shares[1] == pytest.approx(2 * shares[0], abs=0.01)  # four times as long
    assert "--" not in text.replace("-{}-", "")  # LaTeX would print one dash


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX here")
def test_it_compiles_in_a_common_class(awkward: Report, tmp_path: Path) -> None:
    write_tex(awkward, tmp_path / "a.tex")
    packages = "\\usepackage{booktabs,tabularx,graphicx}"
    page = f"\\documentclass{{article}}{packages}\\begin{{document}}\\input{{a}}\\end{{document}}"
    (tmp_path / "page.tex").write_text(page)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-1500:]
