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


def test_what_is_outside_goes_through_tune_and_through_ray(shell: Callable[[str], str]) -> None:
    """A method and a benchmark, from files, with the workers of this machine and with Ray's."""
    shell("python -m harness.new method mine\npython -m harness.new benchmark bars")
    plugins = "--plugin mine.py --plugin bars.py --benchmark bars --scenario task-il"
    shell(f"python -m harness.tune {plugins} --methods mine --trials 2 --seeds 1 --jobs 1")
    compare = f"python -m harness.compare {plugins} --methods mine,naive --tuned tuned --seeds 1"
    assert "Mine" in shell(f"{compare} --executor ray --jobs 1")
    rows = "harness.load_rows(benchmark='bars', profile='default')"
    count = f"import harness; print(sorted({rows}.method.unique()))"
    assert shell(f'python -c "{count}"').strip() == "['mine', 'naive']"
