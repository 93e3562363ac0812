"""The notebooks of docs/ run, and become pages with tables and figures."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

import harness
from harness.analysis.statistics import half_width

ROOT = Path(__file__).parents[1]
Pages = dict[str, dict[str, str | bytes]]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
FIGURE = re.compile(r"!\[(.*?)\]\((.+?\.svg)\)")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    path = ROOT / "docs" / "notebook_hooks.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(hook: ModuleType) -> Pages:
    """Page and figures of each notebook, by its name; all are executed once."""
    return {notebook.stem: hook.page(notebook) for notebook in NOTEBOOKS}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)


def test_each_figure_is_there_and_says_what_it_shows(
    pages: Pages,
) -> None:
    for name, made in pages.items():
        figures = FIGURE.findall(str(made[f"{name}.md"]))
        assert len(figures) >= 2
        for alternative, place in figures:
            assert len(alternative) > 20
            drawing = made[place]
            assert isinstance(drawing, bytes)
            assert b"<svg" in drawing


def test_no_output_is_a_warning_or_a_path(pages: Pages) -> None:
    for name, made in pages.items():
        markdown = str(made[f"{name}.md"])
        assert not re.search(r"\w*Warning: .*|site-packages", markdown)
        assert str(ROOT) not in markdown


def test_finished_tasks_answer_as_before(pages: Pages) -> None:
    name = "rmn_on_your_own_network"
    assert "[True, True, True]" in str(pages[name][f"{name}.md"])


def test_the_table_is_what_the_harness_computes(
    pages: Pages,
) -> None:
    name = "reading_results"
    row = re.search(r"<th>rmn</th>\s*<td>([\d.]+) ± ([\d.]+)</td>", str(pages[name][f"{name}.md"]))
    assert row
    values = harness.load_metrics(
        ROOT / "results",
        benchmark="split_mnist",
        profile="default",
        setting="",
        scenario="task-il",
        method="rmn",
        metric="acc",
    )["value"].to_numpy()
    expected = [100 * values.mean(), 100 * half_width(values)]
    assert [float(text) for text in row.groups()] == pytest.approx(expected, abs=0.0051)


def test_a_link_to_a_notebook_leads_to_its_page(hook: ModuleType) -> None:
    text = "[a](notebooks/x.ipynb), [b](x.ipynb#part), [c](https://example.org/x.ipynb)"
    expected = "[a](notebooks/x.md), [b](x.md#part), [c](https://example.org/x.ipynb)"
    assert hook.on_page_markdown(text) == expected
