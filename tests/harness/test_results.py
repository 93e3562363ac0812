"""`python -m harness.results` on made-up runs: what it says, does and refuses."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from harness.results import main
from harness.storage import packed, packing, run_folder, store
from harness.storage.provenance import ROOT
from harness.storage.record import Record

BENCHMARK: Final = "split_mnist"
FORBIDDEN: Final = ("torch", "torchvision", "avalanche", "rmn")


METRIC: Final = '''
"""The lowest accuracy that was measured."""

from harness.analysis.metrics.definition import Direction, Section, Unit, metric


@metric(
    "worst_measured",
    title="Worst",
    unit=Unit.PERCENT,
    direction=Direction.HIGHER,
    formula="min_ij R[i,j]",
    source="observed",
    measurements=("accuracy",),
    section=Section.ACCURACY,
)
def worst_measured(rows):
    return rows.groupby("run_id")["value"].min()
'''


@pytest.fixture(scope="module")
def packed_runs(tmp_path_factory: pytest.TempPathFactory, save_run: Callable[..., Path]) -> Path:
    """Packed runs of two profiles, more than there are first digits of ids."""
    root = tmp_path_factory.mktemp("packed")
    for scenario in ("task-il", "class-il"):
        for name in ("ewc", "rmn", "rmn_plus"):
            save_run(root, name, 0, 0.9, scenario=scenario)
    save_run(root, "ewc", 0, 0.8, epochs=3)
    for seed in range(9):
        for name in ("mas", "si"):
            save_run(root, name, seed, 0.7, profile="tuning")
    for profile in ("default", "tuning"):
        packing.pack(root, BENCHMARK, profile)
    return root


@pytest.fixture
def results(packed_runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packed runs, under the working folder."""
    shutil.copytree(packed_runs, tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    return Path("results")


def any_record(results: Path, seed: int = 0) -> Record:
    """The record of a run, its run with another seed."""
    found = store.read(results, BENCHMARK, "default").records[0]
    return replace(found, run=replace(found.run, seed=seed))


def add_failure(results: Path) -> Record:
    error = "Traceback (most recent call last):\nValueError: [bold]no[/bold]"
    record = replace(any_record(results, seed=7), status="failed", error=error)
    store.save(results, record)
    return record


def count(results: Path, profile: str) -> int:
    """The number of packed runs."""
    return len(packed.index(packed.path_of(results, BENCHMARK, profile)))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def refusal(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit_:
        main(argv)
    assert exit_.value.code == 2
    return capsys.readouterr().err


def test_list_has_a_line_for_each_setting(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = count(results, "default") + 1
    add_failure(results)
    assert main(["list"]) == 0
    text = said(capsys)
    assert re.search(rf"^{BENCHMARK}/default: {runs} runs; packed file .* kB, 1 folder", text, re.M)
    assert re.search(r"^task-il +ewc +training.epochs=3 +1 +0 +finished +packed$", text, re.M)
    assert re.search(r"^(task|class)-il +\w+ +1 +7 +failed +folder +\d", text, re.M)
    assert all(line == line.rstrip() for line in text.splitlines())


def test_list_is_filtered(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = add_failure(results)
    assert main(["list", "--runs", "--status", "failed"]) == 0
    lines = said(capsys).splitlines()
    assert [line.split()[0] for line in lines if "failed" in line] == [record.run.id]
    assert main(["list", "--profile", "tuning", "--method", "si"]) == 0
    text = said(capsys)
    assert "default" not in text
    assert "mas" not in text
    assert main(["list", "--status", "damaged"]) == 0
    assert said(capsys) == "No run is like that.\n"


def test_list_fits_a_narrow_terminal(results: Path) -> None:
    script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    command = [sys.executable, "-m", "harness.results", "list", "--runs"]
    command += ["--results", str(results.absolute())]
    done = subprocess.run(
        [sys.executable, "-c", script, "env", "COLUMNS=80", "TERM=dumb", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)


def test_show_has_the_whole_record_and_the_metrics(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = any_record(results)
    assert main(["show", record.run.id[:10]]) == 0
    text = said(capsys)
    for part in (
        record.run.id,
        record.method.title,
        f"{packed.path_of(results, BENCHMARK, 'default')}",
        f"git checkout {record.provenance['commit']} && python -m harness.compare --benchmark",
        *(f"{name}={value}" for name, value in record.run.training.items()),
    ):
        assert part in text
    assert re.search(r"acc +│ (task|class)-il +│ .*│ +\d\d\.\d\d %", text)


@pytest.mark.usefixtures("registrations")
def test_show_has_the_metrics_of_a_plugin(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.py").write_text(METRIC)
    run_id = any_record(results).run.id
    assert main(["show", run_id]) == 0
    assert "worst_measured" not in said(capsys)
    assert main(["show", run_id, "--plugin", "mine.py"]) == 0
    assert re.search(r"worst_measured +│ +│ +│ +\d\d\.\d\d %", said(capsys))
    assert "there is no file nowhere.py" in refusal(
        ["show", run_id, "--plugin", "nowhere.py"], capsys
    )


def test_show_has_the_traceback_of_a_failed_run(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = add_failure(results)
    assert main(["show", record.run.id]) == 0
    assert record.error in said(capsys)


def test_pack_and_unpack_undo_each_other(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = packed.path_of(results, BENCHMARK, "tuning")
    before, runs = file.read_bytes(), count(results, "tuning")
    assert main(["unpack", BENCHMARK, "tuning"]) == 0
    assert f"{runs} runs unpacked\n  the packed file is removed" in said(capsys)
    assert not file.exists()
    folder = next(run_folder.under(results / BENCHMARK / "tuning"))
    (folder / run_folder.MASKS).write_bytes(bytes(2000))
    assert main(["pack", BENCHMARK]) == 0
    text = said(capsys)
    assert f"{runs} runs packed, " in text
    assert f"\n  {runs} folders removed; 2.0 kB of masks in them are not packed" in text
    assert file.read_bytes() == before
    assert not folder.exists()
    assert main(["pack"]) == 0
    assert said(capsys) == "There is nothing to pack.\n"


def test_one_run_is_unpacked(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, runs = any_record(results).run, count(results, "default")
    assert main(["unpack", "--run", run.id[:12], "--keep"]) == 0
    assert "1 run unpacked" in said(capsys)
    assert (results / run.folder).is_dir()
    assert count(results, "default") == runs


def test_verify_names_damage(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rest = count(results, "default")
    runs = rest + count(results, "tuning")
    assert main(["verify"]) == 0
    text = said(capsys)
    assert text.startswith(f"{runs} runs with ")
    assert text.endswith(" rows, in 2 packed files and 0 folders; 0 studies\n")
    file = packed.path_of(results, BENCHMARK, "tuning")
    file.write_bytes(file.read_bytes()[:-1])
    assert main(["verify"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{rest} runs")
    assert f"{file} is left alone: " in captured.err
    for command in ("list", "pack", "unpack"):
        assert main([command]) == 1
        assert str(file.with_suffix("")) in capsys.readouterr().err


def test_merge_takes_what_is_missing(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Path("other")
    shutil.copytree(results, other)
    missing, present = count(results, "default"), count(results, "tuning")
    packed.path_of(results, BENCHMARK, "default").unlink()
    assert main(["merge", str(other)]) == 0
    text = said(capsys)
    assert text.startswith(f"{missing} runs taken, {present} here before.\n")
    assert text.endswith("to pack them: python -m harness.results pack\n")
    assert main(["verify"]) == 0


def test_delete_asks(
    results: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    record = add_failure(results)
    argv = ["delete", "--status", "failed"]
    assert main([*argv, "--dry-run"]) == 0
    assert said(capsys).endswith("1 run would be deleted.\n")
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert main(argv) == 1
    assert said(capsys).endswith("Nothing is deleted.\n")
    assert store.status(results, record.run) == "failed"
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "add --yes" in refusal(argv, capsys)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(argv) == 0
    assert store.status(results, record.run) == "missing"
    assert main([*argv, "--yes"]) == 0
    assert said(capsys).endswith("No run is like that.\n")


def test_damaged_folders_can_be_deleted(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = results / add_failure(results).run.folder
    (folder / run_folder.RECORD).write_text("{")
    assert main(["show", folder.name]) == 1
    assert "run.json" in capsys.readouterr().err
    assert main(["delete", "--status", "damaged", "--yes"]) == 0
    assert not folder.exists()


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        ([], "COMMAND"),
        (["list", "--benchmark", "split_mnst"], f"did you mean '{BENCHMARK}'?"),
        (["list", "--method", "ewcc"], "did you mean 'ewc'?"),
        (["list", "--status", "done"], "finished"),
        (["pack", BENCHMARK, "defualt"], "did you mean 'default'?"),
        (["unpack", "--run", "zz"], "list --runs` has the ids"),
        (["show", ""], "list --runs` has the ids"),
        (["delete"], "name runs or a filter"),
        (["merge", "nowhere"], "no folder nowhere"),
        (["merge", "results"], "is --results itself"),
        (
            ["list", "--results", "nowhere"],
            "make runs with: python -m harness.compare --benchmark split_mnist --results nowhere",
        ),
    ],
)
def test_wrong_arguments_say_what_to_type(
    argv: list[str], part: str, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert part in refusal(argv, capsys)


def test_beginning_of_several_ids_names_them(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = sorted(packed.index(packed.path_of(results, BENCHMARK, "tuning")))
    shared = next(a for a, b in pairwise(ids) if a[0] == b[0])
    assert shared in refusal(["show", shared[0]], capsys)


def test_nothing_that_trains_is_imported(results: Path) -> None:
    script = f"""
import sys
class Refuse:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in {FORBIDDEN!r}:
            raise ImportError("the command imported " + name)
sys.meta_path.insert(0, Refuse())
from harness.results import main
sys.exit(main(["show", sys.argv[1]]))
"""
    command = [sys.executable, "-c", script, any_record(results).run.id]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_help_waits_for_no_pandas() -> None:
    script = "import sys, harness.results; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
