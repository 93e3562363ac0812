"""A report whose texts have every character that some format must escape."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.reporting.model import Report, Table, Text

AWKWARD = r"M & N_1 (a=50%, b={#2}, c=$3 ~ ^ \ | *x*)"


@pytest.fixture
def awkward(tmp_path: Path) -> Report:
    """Two tables, one with notes, bold and quoted cells."""
    plain = Table("", ["Method", "ACC %"], [[Text(AWKWARD), Text("–")]])
    marked = Table(
        "Second",
        ["Method", "A|B", "Rule"],
        [
            [Text("RMN"), Text("99.5 ± 0.2", bold=True, quoted="99 [1]"), Text("max-logit")],
            [Text("R*"), Text("", quoted="60.2 ± 1.1 [2]"), Text("")],
        ],
        left=frozenset({0, 2}),
        notes=["with the identity", "100 % other"],
        summary="Of 50 % & more.",
    )
    data = pd.DataFrame({"method": ["RMN", 'a "b", c\nd'], "mean": [0.1 + 0.2, None], "n": [3, 0]})
    template = tmp_path / "empty.typ"
    template.write_text("")
    return Report("awkward", "A report", [plain, marked], data, template, content={})
