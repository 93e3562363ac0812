"""The command line, as its users call it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from harness.compare import main
from harness.storage.provenance import ROOT

SPLIT = ["--benchmark", "split_mnist"]


def test_a_wrong_argument_ends_the_command_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    with pytest.raises(SystemExit) as refused:
        main([*SPLIT, "--methods", "rnm", "--results", str(results)])
    assert refused.value.code == 2
    assert "did you mean 'rmn'?" in capsys.readouterr().err
    assert not results.exists()


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for word in ("split_mnist", "permuted_mnist", "smoke", "paper", "rmn: RMN", "rmn.beta=50.0"):
        assert word in text


@pytest.mark.parametrize(
    ("argv", "status", "absent"),
    [
        (["--help"], 0, ("torch", "avalanche", "pandas", "numpy")),
        (["--benchmark", "x"], 2, ("torch", "avalanche", "pandas", "numpy")),
        ([*SPLIT, "--plan", "--results", "nothing-here"], 0, ("torch", "avalanche")),
    ],
)
def test_nothing_slow_is_imported(argv: list[str], status: int, absent: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        "from harness.compare import main\n"
        "try:\n    status = main(sys.argv[1:])\n"
        "except SystemExit as ended:\n    status = ended.code\n"
        f"loaded = [name for name in {absent} if name in sys.modules]\n"
        "sys.exit(f'loaded {loaded}' if loaded else status)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *argv], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == status, ended.stderr


class Command:
    """`python -m harness.compare` on one job of seconds a run, with its own results folder."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        options = ["--profile", "smoke", "--methods", "naive", "--jobs", "1"]
        options += ["--scenario", "task-il"]
        options += ["--set", "training.epochs=12"]  # the second run must not end before Ctrl-C
        folders = ["--results", str(self.results), "--reports", str(folder / "reports")]
        self._argv = [sys.executable, "-m", "harness.compare", *SPLIT, *options, *folders]

    def argv(self, *more: str, seeds: int = 3) -> list[str]:
        return [*self._argv, "--seeds", str(seeds), *more]

    def run(self, *more: str, seeds: int = 3) -> subprocess.CompletedProcess[str]:
        argv = self.argv(*more, seeds=seeds)
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    def end_after_first_run(self, number: signal.Signals) -> tuple[int, str]:
        """Exit status and messages when a signal comes while the second run is under way."""
        process = subprocess.Popen(
            self.argv(), cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert process.stderr is not None
        heading, first = process.stderr.readline(), process.stderr.readline()
        os.killpg(process.pid, number)
        rest = process.stderr.read()
        return process.wait(), heading + first + rest

    def entries(self) -> list[Path]:
        """Folders of stored runs, and whatever else there is but checkpoints."""
        found = self.results.glob("*/*/*/*")
        return [path for path in found if not path.name.startswith(".checkpoint-")]


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Command, int, str]:
    command = Command(tmp_path_factory.mktemp("compare"))
    return command, *command.end_after_first_run(signal.SIGINT)


def test_what_has_no_result_is_named_and_the_status_says_so(tmp_path: Path) -> None:
    """The folder of the method goes, and a file takes its place, while the run is under way."""
    command = Command(tmp_path)
    method = command.results / "split_mnist" / "smoke" / "naive"
    process = subprocess.Popen(command.argv(), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process:
        heading, first = process.stderr.readline(), process.stderr.readline()
        for attempt in count():
            method.rename(tmp_path / f"away {attempt}")
            with suppress(FileExistsError):  # the next run may make the folder again in between
                method.touch(exist_ok=False)
                break
        rest = process.stderr.read()
    assert process.returncode == 1, rest
    assert heading == "3 runs to make.\n"
    assert "seed 0 finished" in first
    assert "Traceback" not in rest
    assert "naive[training.epochs=12] seed 1" in rest
    lost = [line for line in rest.splitlines() if "has no result; the same command" in line]
    assert [line.split(" has ")[0] for line in lost] == [
        f"naive[training.epochs=12] seed {seed}" for seed in range(3)
    ]


def test_a_request_to_end_is_heeded_as_ctrl_c_is(tmp_path: Path) -> None:
    command = Command(tmp_path)
    status, messages = command.end_after_first_run(signal.SIGTERM)
    assert status == 143
    assert "the same command goes on from there" in messages
    assert len(command.entries()) == 1


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_interruption_keeps_finished_runs_and_nothing_else(
    interrupted: tuple[Command, int, str],
) -> None:
    command, status, messages = interrupted
    assert status == 130
    assert messages.startswith("3 runs to make.\n1/3 naive[training.epochs=12] seed 0 finished in ")
    assert "Traceback" not in messages
    assert "the same command goes on from there" in messages
    (finished,) = command.entries()  # and nothing unfinished beside it
    assert set(contents(finished)) == {"run.json", "rows.parquet"}
    planned = command.run("--plan")
    assert planned.returncode == 0
    assert "2 of 3 runs to make." in planned.stdout
    assert re.search(
        r"One worker needs about \d+ seconds?, (\d+ need about \d+ seconds?, )?by stored runs",
        " ".join(planned.stdout.split()),
    )


def test_a_part_plans_its_own_runs_and_no_other(interrupted: tuple[Command, int, str]) -> None:
    plans = [interrupted[0].run("--plan", "--part", f"{number}/2").stdout for number in (1, 2)]
    assert "1 of 2 runs to make." in plans[0]  # of seeds 0 and 2, the first is finished
    assert "1 of 1 runs to make." in plans[1]


def test_second_call_runs_nothing_and_prints_the_same_table(
    interrupted: tuple[Command, int, str],
) -> None:
    command = interrupted[0]
    (finished,) = command.entries()
    before = contents(finished)
    done = command.run(seeds=1)
    again = command.run("--no-report", seeds=1)
    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stderr
    assert "finished in" not in done.stderr
    table, _, said = again.stdout.partition("1 of 1 runs were in ")
    assert done.stdout.startswith(table)  # then the report's path
    assert "; nothing was trained. To train them yourself:\n  python -m harness.compare" in said
    assert "--results again/results\n" in said
    assert contents(finished) == before


def test_damaged_and_failed_runs_are_named(
    interrupted: tuple[Command, int, str], tmp_path: Path
) -> None:
    command = Command(tmp_path)
    (finished,) = shutil.copytree(interrupted[0].results, command.results).glob("*/*/*/*")
    record = json.loads((finished / "run.json").read_text())
    (finished / "run.json").write_text(json.dumps(record | {"status": "failed"}))
    failed = command.run("--no-report", seeds=1)
    assert failed.returncode == 1
    assert "naive[training.epochs=12] seed 0 failed" in failed.stderr
    show = f"python -m harness.results show {record['id']} --results {command.results} says why"
    assert show in failed.stderr
    assert "add --retry-failed to the same command" in failed.stderr
    assert "1 failed" not in failed.stdout  # it was not tried
    assert "1 of 1 runs" in command.run("--plan", "--retry-failed", seeds=1).stdout
    (finished / "run.json").write_text("{")
    damaged = command.run("--no-report", seeds=1)
    assert damaged.returncode == 1
    assert f"{finished} is damaged and left alone" in damaged.stderr
    assert (finished / "run.json").read_text() == "{"
