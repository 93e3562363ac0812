"""The table of all methods: none is missing, and published settings are those of the anchors."""

from __future__ import annotations

from pathlib import Path

from baselines.registry import methods
from harness.analysis.anchors import ANCHORS
from harness.reporting.pages.methods_table import methods_table
from harness.storage.provenance import ROOT


def rows(results: Path) -> list[list[str]]:
    table = methods_table(results).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_every_method_and_every_published_number_has_a_row(tmp_path: Path) -> None:
    found = rows(tmp_path)
    files = [row[0].partition("](")[2].partition(")")[0] for row in found if row[0]]
    assert files == [f"../baselines/{name}.py" for name in methods()]
    assert all((ROOT / "docs" / file).resolve().exists() for file in files)
    published = [row for row in found if row[4] != "–"]
    assert len(published) == len(ANCHORS)
    assert all(row[5] == "–" for row in found)


def test_a_measured_number_stands_beside_the_published_one() -> None:
    [row] = [
        row
        for row in rows(ROOT / "results")
        if row[4].endswith("task-il") and row[6] == "`--benchmark split_mnist_hsu --methods ewc`"
    ]
    assert row[2:4] == ["Equation 3", "task boundaries"]
    assert row[4:6] == ["97.7 task-il", "97.61 (3 seeds)"]
    assert float(row[7]) > 0
