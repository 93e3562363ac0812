"""Every logger shows what was measured, and none of them can harm a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from baselines.plugins import import_plugin
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.plan import plan
from harness.config.resolution import resolve
from harness.config.run import Run
from harness.execution.plugins import plugins_in_use
from harness.experiment.experiment import RunResult, run_experiment
from harness.tracking.logger import Log, loggers, logging, register_logger

BUDGET = TrainingBudget(epochs=2, train_examples=64, test_examples=40, tasks=2)

Curves = dict[tuple[str, int], float]
"""Values by name and step."""


def planned(scenario: str = "task-il") -> Run:
    naive = methods()["naive"]
    settings = {scenario: {"naive": resolve(naive, {}, {})}}
    [run] = plan(BENCHMARKS["split_mnist"], "smoke", BUDGET, {"naive": naive}, settings, [0])
    return run


def made(run: Run, log: Log | None = None) -> RunResult:
    return run_experiment(run, device="cpu", data=None, report=lambda _: None, log=log)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def logged(folder: Path) -> tuple[RunResult, Curves]:
    """A run with every logger, offline, and what they were given."""
    given: Curves = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WANDB_MODE", "MLFLOW_TRACKING_URI"):
            patch.delenv(name, raising=False)
        names = tuple(name for name, logger in loggers().items() if logger.is_installed)
        with logging(planned(), names, folder) as log:

            def both(values: Mapping[str, float], step: int) -> None:
                given.update({(name, step): value for name, value in values.items()})
                log(values, step)

            result = made(planned(), both)
    return result, given


def test_what_is_logged_is_what_is_stored(logged: tuple[RunResult, Curves]) -> None:
    result, given = logged
    rows = result.rows[(result.rows["metric"] == "accuracy") & (result.rows["after"] > 0)]
    columns = (rows[name].tolist() for name in ("task", "after", "value"))
    stored = {
        (f"test/accuracy on task {task}", 2 * after): float(value)
        for task, after, value in zip(*columns, strict=True)
    }
    accuracies = {key: value for key, value in given.items() if "on task" in key[0]}
    assert accuracies == stored
    last = [value for (_, step), value in stored.items() if step == 4]
    assert given["test/average accuracy", 4] == pytest.approx(sum(last) / 2)
    losses = [given["train/loss", step] for step in (1, 2, 3, 4)]
    assert losses[1] < losses[0]
    assert losses[3] < losses[2]


def test_without_the_identity_the_accuracies_are_over_all_classes() -> None:
    given: Curves = {}
    result = made(
        planned("class-il"),
        lambda values, step: given.update({(name, step): v for name, v in values.items()}),
    )
    rows = result.rows
    chosen = rows[(rows["metric"] == "accuracy") & (rows["after"] == 2) & (rows["task"] == 2)]
    assert given["test/accuracy on task 2", 4] == chosen["value"].item()


def test_a_logged_run_measures_what_any_other_does(logged: tuple[RunResult, Curves]) -> None:
    result, _ = logged
    timed = result.rows["metric"].str.endswith("_seconds")
    again = made(planned()).rows
    pd.testing.assert_frame_equal(result.rows[~timed], again[~timed])


def test_csv(logged: tuple[RunResult, Curves], folder: Path) -> None:
    table = pd.read_csv(folder / "csv" / f"{planned().id}.csv")
    found = {(row.name, row.step): row.value for row in table.itertuples(index=False)}
    assert found == pytest.approx(logged[1])


def test_a_run_that_goes_on_goes_on_in_its_file(tmp_path: Path) -> None:
    for step in (1, 2):
        with logging(planned(), ("csv",), tmp_path) as log:
            log({"train/loss": float(step)}, step)
    [file] = (tmp_path / "csv").iterdir()
    assert file.read_text() == "step,name,value\n1,train/loss,1.0\n2,train/loss,2.0\n"


def test_tensorboard(logged: tuple[RunResult, Curves], folder: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    [file] = (folder / "tensorboard").rglob("events.*")
    read = events.EventAccumulator(str(file.parent)).Reload()
    found = {
        (name, event.step): event.value
        for name in read.Tags()["scalars"]
        for event in read.Scalars(name)
    }
    assert found == pytest.approx(logged[1], rel=1e-6)


def test_wandb(logged: tuple[RunResult, Curves], folder: Path) -> None:
    pytest.importorskip("wandb")
    [run] = (folder / "wandb").glob("offline-run-*")
    assert run.name.endswith(planned().id)
    [file] = run.glob("*.wandb")
    content = file.read_bytes()
    assert b"test/average accuracy" in content
    assert b"training.epochs" in content


def test_mlflow(logged: tuple[RunResult, Curves], folder: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
    experiment = client.get_experiment_by_name("split_mnist smoke")
    [run] = client.search_runs([experiment.experiment_id])
    assert run.data.params["training.epochs"] == "2"
    assert run.info.status == "FINISHED"
    found = {
        (name, point.step): point.value
        for name in run.data.metrics
        for point in client.get_metric_history(run.info.run_id, name)
    }
    assert found == pytest.approx(logged[1])


class Failing:
    """Fails at the second value."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.steps: list[int] = []

    def log(self, values: Mapping[str, float], step: int) -> None:
        if self.steps:
            raise OSError("no space left")
        self.steps.append(step)

    def close(self) -> None:
        raise AssertionError("it was left out before")


@pytest.fixture
def _failing(monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.tracking import logger

    monkeypatch.setattr(logger._LOGGERS, "entries", loggers())
    register_logger("failing")(Failing)


@pytest.mark.usefixtures("_failing")
def test_one_that_fails_is_left_out_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging(planned(), ("failing", "csv"), tmp_path) as log:
        for step in (1, 2, 3):
            log({"train/loss": 0.5}, step)
    said = capsys.readouterr().err
    assert said.count("--log failing is left out") == 1
    assert "no space left" in said
    [file] = (tmp_path / "csv").iterdir()
    assert len(file.read_text().splitlines()) == 4


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="two loggers are named 'csv'"):
        register_logger("csv")(Failing)


@pytest.mark.parametrize("name", ["csv", "mlflow", "tensorboard", "wandb"])
def test_every_logger_says_what_it_needs(name: str) -> None:
    assert loggers()[name].library == ("" if name == "csv" else name)


@pytest.mark.usefixtures("registrations")
def test_a_logger_of_another_file_goes_to_the_processes_that_make_runs(tmp_path: Path) -> None:
    file = tmp_path / "outside_logger.py"
    file.write_text(
        "from harness.tracking.logger import register_logger\n\n\n"
        '@register_logger("nowhere")\n'
        "def make(run, folder):\n"
        "    return None\n"
    )
    plugin = import_plugin(str(file))
    assert "nowhere" in loggers()
    assert plugin in plugins_in_use()
