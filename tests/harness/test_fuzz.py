"""Random command lines: each is done or refused in a sentence, and none ends in a traceback.

`RMN_FUZZ=10000 pytest tests/harness/test_fuzz.py` tries so many; nothing is ever trained.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from baselines.registry import methods
from harness import compare, paper_tables, report, results, tune
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PROFILES, TrainingBudget
from harness.config.settings import declared
from harness.execution import executor
from harness.execution.executor import ExecutionConfig, ProgressListener
from harness.execution.scheduling import Schedule
from harness.storage import packing

COUNT: Final = int(os.environ.get("RMN_FUZZ", "400"))
PARTS: Final = 4
"""The calls are spread over so many tests, each with its own results folder."""

RENEWED: Final = 50
"""After so many calls the results, which some of them delete, are put back."""

METHODS: Final = methods()
SETTINGS: Final = [
    *(f"training.{name}" for name in declared(TrainingBudget)),
    *(f"{name}.{key}" for name, method in METHODS.items() for key in declared(method)),
]
NUMBERS: Final = (
    *("0", "1", "2", "3", "-1", "0.5", "1e-3", "1e30", "1e400", "-1e400", "nan", "inf", "-inf"),
    *("9" * 20, "-" + "9" * 400, "9" * 5000, "1_000", "0x10", "٣", "1e", "+", "5/4", "1/2", "2/1"),
)
JUNK: Final = (
    *("", " ", ",", ",,", ".", "..", "=", "-", "--", "---", "/", "~", "*", "%s", "{}", "\\", "'"),
    *(
        "\n",
        "\t",
        "\x1b[31m",
        "\x00",
        "\udcff",
        "é",
        "日本",
        "👍",
        "[/red]",
        "[bold]",
        "\\input{x}",
    ),
    *("x" * 300, "x" * 5000, "a" * 255, "../" * 99, "none", "true", "False", "null", "rnm", "smok"),
    *("mnist", "/dev/null", "/proc/self/mem", "/nowhere/at/all", "$HOME", "--help", "-h"),
)

_LABELLED: Final = [name for name, benchmark in BENCHMARKS.items() if benchmark.labelled]

Command = Callable[[Sequence[str]], int]


class Idle:
    """An executor that takes all runs and makes none."""

    def __init__(self, config: ExecutionConfig, **options: object) -> None:
        self.config = config

    def run(self, schedule: Schedule, listener: ProgressListener) -> None:
        """Say that a run has ended and store nothing, which the command has to notice."""
        for run in schedule:
            listener.started(0, run, None)
            listener.ended(0, run, "not made", 0.0, None)


class CommandLines:
    """Random command lines, most of them nearly right.

    Args:
        seed: of all that is drawn.
        folder: with the folders that commands may read and write.
    """

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)
        self.folders = [str(folder / name) for name in ("results", "other", "empty", "new/below")]
        self.folders += [str(folder / "file"), str(folder / "file" / "below")]
        self.ids = [path.name for path in (folder / "results").glob("*/*/*/*")]

    def draw(self) -> tuple[str, Command, list[str]]:
        """A command, as named and as called, and its arguments."""
        name = self.random.choice(["compare", "tune", "report", "paper_tables", "results"])
        words = getattr(self, f"_{name}")()
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            self._spoil(words)
        main: Command = {
            "compare": compare.main,
            "tune": tune.main,
            "report": report.main,
            "paper_tables": paper_tables.main,
            "results": results.main,
        }[name]
        if name == "compare":
            words.append("--plan")
        return name, main, [word for word in words if "pdf" not in word]

    def _compare(self) -> list[str]:
        return [
            *self._option("--benchmark", [*_LABELLED, *BENCHMARKS], 0.95),
            *self._option("--scenario", ["task-il", "class-il", "task-il,class-il"], 0.3),
            *self._option("--methods", ["rmn,ewc", "naive", ",".join(self._some(METHODS))], 0.5),
            *self._option("--profile", [*PROFILES], 0.5),
            *self._option("--seeds", ["1", "3", *NUMBERS], 0.5),
            *self._option("--tuned", self.folders, 0.1),
            *self._option("--part", ["1/2", *NUMBERS], 0.2),
            *self._assignments("--set"),
            *self._execution(),
            *self._option("--reports", self.folders, 0.3),
            *self._flags("--retry-failed", "--no-report"),
        ]

    def _tune(self) -> list[str]:
        return [
            *self._option("--benchmark", [*BENCHMARKS], 0.95),
            *self._option("--methods", [",".join(self._some(METHODS))], 0.8),
            *self._option("--seeds", ["1", "2", *NUMBERS], 0.5),
            *self._option("--trials", ["1", "2", *NUMBERS], 0.5),
            *self._assignments("--search", self.random.choice([",", ".."])),
            *self._option("--set", ["training.norm=none", "training.epochs=1", *JUNK], 0.3),
            *self._option("--output", self.folders, 0.3),
            *self._execution(),
        ]

    def _report(self) -> list[str]:
        benchmarks = [*["split_mnist"] * len(BENCHMARKS), *BENCHMARKS]
        return [*self._option("--benchmark", benchmarks, 0.9), *self._writing()]

    def _paper_tables(self) -> list[str]:
        return [
            *self._option("--methods", [",".join(self._some(METHODS))], 0.3),
            *self._option("--seeds", ["1", "2", *NUMBERS], 0.2),
            *self._writing(),
        ]

    def _results(self) -> list[str]:
        names = ["list", "show", "verify", "pack", "unpack", "merge", "delete", "hours", "anchors"]
        words = [self._value(names)]
        kept = {"pack": 2, "unpack": 2, "show": 1, "delete": 1, "merge": 1}
        values = ["split_mnist", "smoke", *self.ids, *self.folders]
        words += [self._value(values) for _ in range(self.random.randint(0, kept.get(words[0], 0)))]
        return [
            *words,
            *self._option("--results", self.folders, 1),
            *self._option("--benchmark", ["split_mnist", *BENCHMARKS], 0.2),
            *self._option("--profile", ["smoke", *PROFILES], 0.2),
            *self._option("--method", [*METHODS], 0.2),
            *self._option("--status", ["finished", "failed", "diverged", "damaged"], 0.2),
            *self._option("--place", ["packed", "folder"], 0.1),
            *self._option("--run", self.ids, 0.1),
            *self._flags("--keep", "--runs", "--yes", "--dry-run"),
        ]

    def _execution(self) -> list[str]:
        return [
            *self._option("--jobs", ["2", *NUMBERS], 0.1),
            *self._option("--threads", ["1", *NUMBERS], 0.1),
            *self._option("--device", ["cpu", "cuda", "auto"], 0.1),
            *self._option("--executor", ["local", "ray", "slurm"], 0.05),
            *self._option("--data", self.folders, 0.05),
            *self._option("--results", self.folders, 0.9),
        ]

    def _writing(self) -> list[str]:
        return [
            *self._option("--profile", ["smoke", *PROFILES], 0.6),
            *self._option("--format", ["md", "csv", "tex", "md,csv", "md,", "pdff"], 1),
            *self._option("--results", self.folders, 0.9),
            *self._option("--reports", self.folders, 1),
        ]

    def _assignments(self, option: str, between: str = ",") -> list[str]:
        words = []
        for _ in range(self.random.choice([0, 0, 1, 1, 2, 3])):
            values = [self._value(NUMBERS) for _ in range(self.random.choice([1, 1, 1, 2, 4]))]
            words += [option, f"{self._value(SETTINGS)}={between.join(values)}"]
        return words

    def _option(self, name: str, values: Sequence[str], likely: float) -> list[str]:
        return [name, self._value(values)] if self.random.random() < likely else []

    def _flags(self, *names: str) -> list[str]:
        return [name for name in names if self.random.random() < 0.2]

    def _value(self, values: Sequence[str]) -> str:
        known = values and self.random.random() < 0.85
        return self.random.choice(values if known else [*JUNK, *NUMBERS])

    def _some(self, names: Iterator[str] | dict[str, type]) -> list[str]:
        return self.random.sample([*names], self.random.randint(1, 3))

    def _spoil(self, words: list[str]) -> None:
        """Drop, repeat, replace or add a word, or change one of its characters."""
        if not words:
            return
        place, how = self.random.randrange(len(words)), self.random.randrange(5)
        if how == 0:
            del words[place]
        elif how == 1:
            words.insert(place, words[place])
        elif how == 2:
            words[place] = self.random.choice([*JUNK, *NUMBERS])
        elif how == 3:
            words.insert(place, self.random.choice(JUNK))
        else:
            at = self.random.randint(0, len(words[place]))
            words[place] = words[place][:at] + self.random.choice("=.-_,x9 é") + words[place][at:]


def make_folders(folder: Path, stored: Path) -> None:
    """Results with finished, failed and damaged runs, other results, an empty folder and a file."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(stored, folder / "results")
    shutil.copytree(stored, folder / "other")
    runs = sorted((folder / "results").glob("*/*/*/*"))
    shutil.copytree(runs[0].parent, runs[0].parent.with_name(f"{runs[0].parent.name} copy"))
    (runs[0] / "rows.parquet").write_bytes(b"PAR1")
    for run, content in zip(runs[1:], ("{", "[" * 5000, '{"schema": 2}'), strict=False):
        (run / "run.json").write_text(content)
    record = json.loads((runs[4] / "run.json").read_text())
    (runs[4] / "run.json").write_text(json.dumps(record | {"status": "failed", "error": "no"}))
    (folder / "empty").mkdir()
    (folder / "file").write_text("")


@pytest.mark.parametrize("part", range(PARTS))
def test_no_command_line_ends_in_a_traceback(
    part: int,
    results_of_both_kinds: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RMN_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    idle = {name: replace(kind, make=Idle) for name, kind in executor.executors().items()}
    monkeypatch.setattr(executor._EXECUTORS, "entries", idle)
    monkeypatch.setattr("harness.storage.provenance._git", lambda *_: "")
    folder = tmp_path / "folders"
    make_folders(folder, results_of_both_kinds)
    lines = CommandLines(part, folder)
    statuses: set[int | str | None] = set()
    tracebacks: list[str] = []
    for number in range(COUNT // PARTS):
        if number % RENEWED == 0:
            make_folders(folder, results_of_both_kinds)
        name, main, words = lines.draw()
        try:
            status: int | str | None = main(words)
        except SystemExit as ended:
            status = ended.code
        except Exception:
            tracebacks.append(f"harness.{name} with {words}:\n{traceback.format_exc()}")
            continue
        said = capfd.readouterr().err
        assert status in (0, 1, 2), (name, words)
        assert status != 2 or "error: " in said, (name, words)
        statuses.add(status)
    assert not tracebacks, "\n".join([f"{len(tracebacks)} tracebacks", *tracebacks])
    assert {0, 2} <= statuses


@pytest.fixture(scope="module")
def results_of_both_kinds(
    tmp_path_factory: pytest.TempPathFactory, save_run: Callable[..., Path]
) -> Path:
    """Six run folders, and two packed runs."""
    root = tmp_path_factory.mktemp("stored")
    for seed in range(3):
        save_run(root, "rmn", seed, 0.9)
        save_run(root, "naive", seed, 0.6)
    for scenario in ("task-il", "class-il"):
        save_run(root, "ewc", 0, 0.8, scenario=scenario, profile="tuning")
    packing.pack(root, "split_mnist", "tuning")
    return root
