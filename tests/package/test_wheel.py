"""The wheel has all that a run needs, and makes the main job's runs where nothing else is."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

DATA = {
    "harness/analysis/published.csv",
    "harness/cli/templates/method.txt",
    "harness/config/tuned/split_mnist.json",
    "harness/data/mnist.npz",
    "harness/reporting/templates/report.typ",
}


def test_both_have_the_data(sdist: Path, wheel: Path) -> None:
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {*DATA, "pyproject.toml", "README.md", "LICENSE"} <= inside
    with zipfile.ZipFile(wheel) as installed:
        names = set(installed.namelist())
    assert names >= DATA
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"baselines", "harness", "rmn"}


def test_it_is_what_is_imported(shell: Callable[[str], str], environment: Path) -> None:
    script = "python -c 'import rmn, baselines, harness; print(harness.__file__)'"
    assert str(environment) in shell(script)
    assert shell("rmn-harness --version").startswith("rmn-harness 0")


def test_it_runs_the_main_job(shell: Callable[[str], str], tmp_path: Path) -> None:
    """Every method of the comparison, on the MNIST that is inside, to the PDF."""
    compare = "python -m harness.compare --benchmark split_mnist --profile smoke --seeds 1"
    assert "RMN" in shell(f"{compare} --scenario task-il")
    [report] = (tmp_path / "reports").glob("split_mnist-smoke*.pdf")
    assert report.stat().st_size > 10_000
    assert "0 of" in shell(f"{compare} --scenario task-il --plan")
