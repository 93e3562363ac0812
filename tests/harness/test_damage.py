"""Damaged and foreign things in a results folder: every command names them and goes on.

Each fault is made in a copy of a small store; what is shown of the sound runs must stay the same.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import stat
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

import harness
from harness import compare, paper_tables, report, results
from harness.cli.comparison import read_comparison
from harness.cli.comparison_display import problems
from harness.cli.damage import about_damage
from harness.storage import store

Fault = Callable[[Path], Path]

BENCHMARK: Final = ["--benchmark", "split_mnist", "--profile", "default"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, save_run: Callable[..., Path]) -> Path:
    """Two seeds of one method, as run folders."""
    root = tmp_path_factory.mktemp("sound")
    for seed in range(2):
        save_run(root, "naive", seed, 0.6)
    return root


@pytest.fixture
def folder(sound: Path, tmp_path: Path, save_run: Callable[..., Path]) -> Path:
    """A copy of it with a run of another method, which a fault will spoil."""
    shutil.copytree(sound, tmp_path / "results")
    save_run(tmp_path / "results", "ewc", 0, 0.7)
    return tmp_path / "results"


def spoiled(folder: Path) -> Path:
    [run] = folder.glob("split_mnist/default/ewc/*")
    return run


def record(**changes: Any) -> Fault:
    """Other values in the record, by names with dots."""

    def fault(folder: Path) -> Path:
        path = spoiled(folder) / "run.json"
        content = json.loads(path.read_text())
        for name, value in changes.items():
            *above, last = name.split(".")
            place = content
            for step in above:
                place = place[step]
            place[last] = value
        path.write_text(json.dumps(content))
        return path.parent

    return fault


def text(content: bytes) -> Fault:
    """Another record altogether."""

    def fault(folder: Path) -> Path:
        (spoiled(folder) / "run.json").write_bytes(content)
        return spoiled(folder)

    return fault


def rows(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Fault:
    """Other rows."""

    def fault(folder: Path) -> Path:
        path = spoiled(folder) / "rows.parquet"
        change(pd.read_parquet(path)).to_parquet(path, index=False)
        return path.parent

    return fault


def pipe(name: str) -> Fault:
    """A pipe that nobody writes to, in place of a file."""

    def fault(folder: Path) -> Path:
        (spoiled(folder) / name).unlink()
        os.mkfifo(spoiled(folder) / name)
        return spoiled(folder)

    return fault


def copied(folder: Path) -> Path:
    method = spoiled(folder).parent
    [copy] = shutil.copytree(method, method.with_name("ewc copy")).iterdir()
    return copy


def under_another_benchmark(folder: Path) -> Path:
    run = spoiled(folder)
    other = folder / "split_mnist_unsupervised" / "default" / "ewc" / run.name
    shutil.copytree(run, other)
    return other


def with_rows_of_another(folder: Path) -> Path:
    other = next(folder.glob("split_mnist/default/naive/*")) / "rows.parquet"
    shutil.copy(other, spoiled(folder) / "rows.parquet")
    return spoiled(folder)


FAULTS: Final[dict[str, Fault]] = {
    "settings a list": record(**{"run.settings": [1, 2]}),
    "a setting a list": record(**{"run.settings": {"x": [1]}}),
    "epochs 1e300": record(**{"run.training": {"epochs": 1e300}}),
    "epochs a text": record(**{"run.training": {"epochs": "five"}}),
    "no epochs": record(**{"run.training": {}}),
    "seed below 0": record(**{"run.seed": -1}),
    "seed true": record(**{"run.seed": True}),
    "error 3": record(error=3),
    "title a number": record(**{"method.title": 7}),
    "title with a control character": record(**{"method.title": "a\x1b[31mb"}),
    "title with half a character": record(**{"method.title": "\ud800"}),
    "colour": record(**{"method.colour": "no colour"}),
    "provenance a text": record(provenance="here"),
    "seconds a text": record(**{"provenance.seconds": "five"}),
    "nesting": text(b'{"schema": ' + b"[" * 200_000),
    "nesting in settings": text(
        b'{"schema": 2, "run": {"settings": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}}"
    ),
    "NaN": text(b'{"schema": NaN}'),
    "no JSON": text(b"\xff\x00"),
    "nothing": text(b""),
    "record a pipe": pipe("run.json"),
    "rows a pipe": pipe("rows.parquet"),
    "a copy": copied,
}

FAULTS_OF_ROWS: Final[dict[str, Fault]] = {
    "after 10^15": rows(lambda found: found.assign(after=10**15)),
    "accuracy 1e300": rows(lambda found: found.assign(value=1e300)),
    "half of the rows": rows(lambda found: found.iloc[::2]),
    "the first third": rows(lambda found: found.iloc[: len(found) // 3]),
    "a missing text": rows(lambda found: found.assign(scenario=None)),
    "values texts": rows(lambda found: found.assign(value="much")),
    "rows twice": rows(lambda found: pd.concat([found, found])),
    "rows of another run": with_rows_of_another,
}
"""A plan, which reads no rows, does not know of them."""


def outcome(command: Callable[[list[str]], int], words: list[str]) -> int:
    """The exit status, unless the command waits for something, such as a pipe."""

    def waited(*_: object) -> None:
        raise AssertionError("it waits for something")

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(60)
    try:
        return command(words)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def shown(sound: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What reports of the sound runs alone say."""
    return written(sound, tmp_path_factory.mktemp("reports"))


def written(folder: Path, reports: Path) -> list[str]:
    words = ["--results", str(folder), "--reports", str(reports), "--format", "csv"]
    assert report.main([*BENCHMARK, *words]) == 0
    assert paper_tables.main(["--profile", "default", *words]) == 0
    return [path.read_text() for path in sorted(reports.iterdir())]


@pytest.mark.parametrize("name", [*FAULTS, *FAULTS_OF_ROWS])
def test_a_fault_is_named_by_every_command_and_stops_none(
    name: str, folder: Path, shown: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = (FAULTS | FAULTS_OF_ROWS)[name](folder)
    if broken.parent.name == "ewc copy":
        shutil.rmtree(spoiled(folder))
    where = ["--results", str(folder)]
    named = f"{broken} is damaged and left alone: "
    advice = f"harness.results verify --results {folder} names"
    plan = [*BENCHMARK, "--methods", "naive,ewc", "--seeds", "1", "--plan", *where]
    assert outcome(compare.main, plan) == 0
    said = capsys.readouterr().err
    assert (named in said) == (advice in said) == (name in FAULTS)
    assert written(folder, tmp_path / "reports") == shown
    said = capsys.readouterr().err
    assert (said.count(named), said.count(advice)) == (2, 2)
    assert results.main(["verify", *where]) == 1
    assert f"{broken} is left alone: " in capsys.readouterr().err
    assert results.main(["list", "--runs", *where]) == 0
    capsys.readouterr()
    with pytest.warns(UserWarning, match="damaged and left out"):
        metrics = harness.load_metrics(folder)
    assert set(metrics["method"]) == {"naive"}
    assert results.main(["delete", "--status", "damaged", "--yes", *where]) == 0 or "copy" in name


@pytest.mark.parametrize("name", ["half of the rows", "a copy"])
def test_what_is_said_deletes_the_damaged_folder_and_no_other(name: str, folder: Path) -> None:
    broken = copied(folder) if name == "a copy" else FAULTS_OF_ROWS[name](folder)
    before = set(folder.glob("*/*/*/*"))
    said = list(about_damage({broken: "ValueError: no"}, folder))
    [typed] = [line for line in said if line.startswith("  ")]
    words = shlex.split(typed)
    assert results.main([*words[words.index("delete") :], "--yes"]) == 0
    assert before - set(folder.glob("*/*/*/*")) == {broken}


def test_a_run_of_a_newer_version_is_not_offered_to_be_deleted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = next(folder.glob("*/*/ewc/*/run.json"))
    content = json.loads(record.read_text())
    record.write_text(json.dumps({**content, "schema": 99}))
    where = ["--results", str(folder)]
    read = store.read(folder, "split_mnist", "default")
    assert not [line for line in about_damage(read.damaged, folder) if "delete" in line]
    assert results.main(["delete", "--status", "damaged", "--yes", *where]) == 0
    assert record.is_file()
    capsys.readouterr()
    assert results.main(["list", "--status", "newer", "--runs", *where]) == 0
    assert record.parent.name in capsys.readouterr().out


def test_a_copy_beside_the_run_that_it_is_of_changes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = ["--results", str(folder), "--reports", str(tmp_path / "reports"), "--format", "csv"]
    assert report.main([*BENCHMARK, *tables]) == 0
    before = (tmp_path / "reports" / "split_mnist.csv").read_text()
    copy = copied(folder)
    assert report.main([*BENCHMARK, *tables]) == 0
    assert (tmp_path / "reports" / "split_mnist.csv").read_text() == before
    assert f"{copy} is damaged and left alone" in capsys.readouterr().err


def test_a_run_under_another_benchmark_is_named_there(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = under_another_benchmark(folder)
    found = store.read(folder, "split_mnist_unsupervised", "default")
    assert found.records == []
    assert "describes the run of split_mnist/default/ewc/" in found.damaged[foreign]
    words = ["--results", str(folder), "--reports", str(tmp_path / "r"), "--format", "csv"]
    assert paper_tables.main(words) == 0
    assert f"{foreign} is damaged and left alone" in capsys.readouterr().err
    assert report.main([*BENCHMARK, *words]) == 0  # nothing is wrong with the benchmark itself
    assert capsys.readouterr().err == ""


def test_a_comparison_names_what_is_damaged(folder: Path) -> None:
    broken = FAULTS_OF_ROWS["half of the rows"](folder)
    request = read_comparison([*BENCHMARK, "--results", str(folder)], {})
    found = store.read(folder, "split_mnist", "default")
    said = problems(request, found)
    assert any(line.startswith(f"{broken} is damaged and left alone: ") for line in said)


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    """Without permission to write, as far as the user of the tests is bound by that."""
    paths = [folder, *folder.rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    for path in paths:
        path.chmod(modes[path] & ~0o222)
    yield folder
    for path in paths:
        path.chmod(modes[path])


def test_results_that_cannot_be_written_still_show_plan_tables_and_reports(
    read_only: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def access(path: Path, mode: int) -> bool:
        inside = read_only in (path, *Path(path).parents)
        return not (inside and mode & os.W_OK)

    monkeypatch.setattr(os, "access", access)  # the tests may run as root
    where = ["--results", str(read_only)]
    before = sorted(read_only.rglob("*"))
    words = [*BENCHMARK, "--methods", "naive", "--seeds", "1", *where]
    assert compare.main([*words, "--plan"]) == 0
    assert "runs to make" in capsys.readouterr().out
    reports = ["--reports", str(tmp_path / "reports"), "--format", "csv"]
    assert report.main([*BENCHMARK, *where, *reports]) == 0
    assert paper_tables.main([*where, *reports]) == 0
    for command in ("list", "verify"):
        assert results.main([command, *where]) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(harness.load_metrics(read_only))
    capsys.readouterr()
    assert compare.main([*words, "--no-report"]) == 2  # there is a run to make
    assert "--results: " in capsys.readouterr().err
    assert sorted(read_only.rglob("*")) == before


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        (report, ["--benchmark", "split_mnist"]),
        (report, []),
        (paper_tables, []),
    ],
)
def test_a_report_of_nothing_but_damage_names_it(
    command: Any, argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = tmp_path / "results" / "split_mnist" / "default.parquet"
    packed.parent.mkdir(parents=True)
    packed.write_bytes(b"PAR1")
    with pytest.raises(SystemExit) as ended:
        command.main([*argv, "--results", str(tmp_path / "results"), "--format", "md"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"{packed} is damaged and left alone: " in said
    assert "there is no finished run" in said
    assert "make some with: python -m harness.compare --benchmark split_mnist" in said
