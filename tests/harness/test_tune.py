"""`harness.tune` as a command, with made-up accuracies: nothing is trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log10
from pathlib import Path

import pytest

from baselines.ewc import EWC
from harness import tune
from harness.config.run import Run
from harness.config.tuned_settings import TUNED, tuned
from harness.execution.local import LocalExecutor
from harness.storage import schema, store, studies
from harness.storage.record import MethodDeclaration, Record
from harness.storage.schema import Row

BENCHMARK = "split_mnist"
BOTH = ["--benchmark", BENCHMARK, "--scenario", "task-il", "--trials", "5", "--seeds", "2"]
WORDS = [*BOTH, "--methods", "ewc"]
NAMES = {"ewc": "ewc_lambda", "si": "si_lambda"}


class MadeUp:
    """An executor whose runs are the better the nearer their strength is to 3,000."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self.calls: list[list[Run]] = []
        self.failing: set[str] = set()
        self.interrupted_after = 1000

    def run(self, runs: Iterable[Run]) -> None:
        self.calls.append([])
        for run in runs:
            if sum(map(len, self.calls)) >= self.interrupted_after:
                raise KeyboardInterrupt
            self.calls[-1].append(run)
            method = MethodDeclaration(run.baseline)
            if run.baseline in self.failing:
                store.save(self.results, Record(run, method, status="failed", error="it"))
                continue
            strength = run.settings[NAMES[run.baseline]]
            value = 0.99 - abs(log10(strength) - log10(3000)) / 20 + run.seed / 1e7
            rows: list[Row] = [
                {
                    "metric": "accuracy",
                    "scenario": run.scenario,
                    "after": 5,
                    "task": task,
                    "value": value,
                }
                for task in range(1, 6)
            ]
            store.save(self.results, Record(run, method), schema.table(rows, run))


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    executor = MadeUp(tmp_path / "results")
    monkeypatch.setattr(LocalExecutor, "run", lambda _, schedule, listener: executor.run(schedule))
    return executor


def command(folder: Path, words: Sequence[str] = WORDS) -> int:
    return tune.main(
        [*words, "--results", str(folder / "results"), "--output", str(folder / "tuned")]
    )


def test_choices_and_studies_are_stored_and_printed(
    made_up: MadeUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path, [*BOTH, "--methods", "si,ewc"]) == 0
    assert {run.baseline for run in made_up.calls[0]} == {"ewc", "si"}  # not one after the other
    found = studies.read(tmp_path / "results", BENCHMARK).studies
    assert [study.method for study in found] == ["ewc", "si"]
    choices = {one.method: one for one in tuned(BENCHMARK, tmp_path / "tuned")}
    for study in found:
        choice = choices[study.method]
        assert choice.settings == study.settings
        assert (tmp_path / "results" / choice.study).is_file()
    printed = capsys.readouterr().out
    for study in found:
        for trial in study.trials:
            assert f"{100 * trial.value:.2f}" in printed
        [chosen] = [
            line.split()
            for line in printed.partition(f"{study.method} on {BENCHMARK}, task-il")[2].splitlines()
            if line.split()[-1:] == ["chosen"]
        ][:1]
        assert chosen[0] == str(study.chosen)
        assert float(chosen[1]) == study.settings[NAMES[study.method]]
    assert f"The choices are in {tmp_path}/tuned/{BENCHMARK}.json" in printed
    assert f"all trials in {tmp_path}/results/{BENCHMARK}/studies/" in printed
    assert f"--tuned {tmp_path}/tuned" in printed


def test_nothing_is_made_again_and_the_same_is_chosen(made_up: MadeUp, tmp_path: Path) -> None:
    assert command(tmp_path) == 0
    files = [*(tmp_path / "tuned").iterdir(), *(tmp_path / "results").glob("*/studies/*")]
    before = {path: path.read_bytes() for path in files}
    calls = len(made_up.calls)
    for path in files:
        path.unlink()
    assert command(tmp_path) == 0
    assert len(made_up.calls) == calls
    assert {path: path.read_bytes() for path in files} == before


def test_an_interrupted_study_goes_on(made_up: MadeUp, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    made_up.results = whole / "results"
    assert command(whole) == 0
    made_up.results, made_up.calls = tmp_path / "results", []
    made_up.interrupted_after = 6
    assert command(tmp_path) == 130
    assert tuned(BENCHMARK, tmp_path / "tuned") == []
    made_up.interrupted_after = 1000
    assert command(tmp_path) == 0
    assert tuned(BENCHMARK, tmp_path / "tuned") == tuned(BENCHMARK, whole / "tuned")


def test_nothing_is_chosen_while_a_run_has_no_result(
    made_up: MadeUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_up.failing, both = {"si"}, [*BOTH, "--methods", "si,ewc"]
    assert command(tmp_path, both) == 1
    assert {one.method for one in tuned(BENCHMARK, tmp_path / "tuned")} == {"ewc"}
    said = capsys.readouterr().err
    assert "nothing is chosen for si in task-il: no result for si" in said
    assert said.endswith(f"; see {tmp_path}/results/split_mnist/tuning\n")
    made_up.failing = set()
    assert command(tmp_path, both) == 0  # what failed is tried again
    assert len(tuned(BENCHMARK, tmp_path / "tuned")) == 2


def test_a_choice_at_an_edge_is_named(
    made_up: MadeUp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path, [*WORDS, "--search", "ewc.ewc_lambda=1e-9..1e-8"]) == 0
    said = capsys.readouterr().err
    assert "in task-il is at the edge of what was tried" in said
    assert "--search ewc.ewc_lambda=LOW..HIGH" in said


def test_the_installed_package_is_left_alone(
    made_up: MadeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in TUNED.glob("*")}
    monkeypatch.chdir(tmp_path)
    assert tune.main([*WORDS]) == 0
    assert (tmp_path / "tuned" / f"{BENCHMARK}.json").is_file()
    assert {path: path.read_bytes() for path in TUNED.glob("*")} == before


def test_values_that_the_stream_does_not_allow_are_refused(
    made_up: MadeUp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def check_stream(self: EWC, tasks: int) -> None:
        if self.ewc_lambda > EWC.ewc_lambda:
            raise ValueError(f"{tasks} tasks allow no more than the default")

    monkeypatch.setattr(EWC, "check_stream", check_stream)
    assert command(tmp_path) == 2
    assert "error: 5 tasks allow no more than the default" in capsys.readouterr().err
    assert made_up.calls == []
