"""Making one run: what is stored of it however it ends. The training itself is replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch

import harness.experiment.experiment
from harness.config.run import Run
from harness.data.datasets import DataUnavailableError
from harness.execution.executor import ExecutionConfig, FatalError
from harness.execution.make_run import (
    RunEnded,
    advice,
    declaration,
    make_run,
    record_crash,
    record_failure,
)
from harness.experiment.experiment import RunResult
from harness.experiment.progress import RunProgress
from harness.storage import checkpoints, schema, store
from harness.storage.provenance import ROOT
from harness.storage.record import MethodDeclaration, Record
from harness.training.divergence import DivergedError

MACHINE = {"device": "cpu", "threads": 3}


@pytest.fixture
def result(run: Run) -> RunResult:
    """As of training on all five tasks at once."""
    rows: list[schema.Row] = [
        {"metric": "accuracy", "scenario": "task-il", "after": after, "task": task, "value": 0.5}
        for after, task in product((0, 5), range(1, 6))
    ]
    return RunResult(schema.table(rows, run), {})


@pytest.fixture
def experiment(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., RunResult]], None]:
    """Puts something in the place of the training."""

    def replaced(function: Callable[..., RunResult]) -> None:
        monkeypatch.setattr(harness.experiment.experiment, "run_experiment", function)

    return replaced


def failing(failure: Exception) -> Callable[..., RunResult]:
    def run_experiment(run: Run, **parts: Any) -> RunResult:
        raise failure

    return run_experiment


def made(run: Run, config: ExecutionConfig) -> RunEnded:
    return make_run(run, config, MACHINE, lambda progress: None)


def stored(run: Run, config: ExecutionConfig) -> Record:
    [record] = store.read(config.results, run.benchmark, run.profile).records
    assert record.run == run
    return record


def test_a_finished_run_is_stored_with_its_rows_and_where_it_was_made(
    run: Run, config: ExecutionConfig, result: RunResult, experiment: Callable[..., None]
) -> None:
    reported: list[RunProgress] = []
    given: dict[str, Any] = {}

    def run_experiment(run: Run, **parts: Any) -> RunResult:
        given.update(parts)
        parts["report"](RunProgress(1, 2, "task 1/5, epoch 2/2"))
        return result

    experiment(run_experiment)
    ended = make_run(run, config, MACHINE, reported.append)
    assert ended.error == ""
    assert (given["device"], given["data"]) == ("cpu", None)
    assert given["checkpoint"] == checkpoints.folder(config.results, run)
    assert reported == [RunProgress(1, 2, "task 1/5, epoch 2/2")]
    record = stored(run, config)
    assert record.status == "finished"
    assert record.method == declaration(run)
    kept = {**config.origin, **MACHINE}
    assert kept.items() <= record.provenance.items()
    assert record.provenance.keys() - kept.keys() == {"started", "seconds"}
    rows = store.read(config.results, run.benchmark, run.profile).rows
    assert rows.equals(result.rows)


def test_a_failed_run_is_stored_with_its_traceback_and_no_path_of_ours(
    run: Run, config: ExecutionConfig, experiment: Callable[..., None]
) -> None:
    experiment(failing(RuntimeError("CUDA out of memory")))
    ended = made(run, config)
    record = stored(run, config)
    assert (record.status, record.error) == ("failed", ended.error)
    assert record.error.startswith("Traceback")
    assert str(ROOT) not in record.error
    *_, reason, hint = filter(None, record.error.splitlines())
    assert reason == "RuntimeError: CUDA out of memory"
    assert hint.startswith("not enough memory: try fewer --jobs")


def warner(module: str) -> Callable[[str], None]:
    """Code of a module that blames its caller, as the plugins of a strategy do."""
    names: dict[str, Any] = {"__name__": module}
    exec("import warnings\ndef warn(text): warnings.warn(text, stacklevel=2)", names)
    warn: Callable[[str], None] = names["warn"]
    return warn


@pytest.mark.filterwarnings("default::UserWarning")  # once a place, as without pytest
@pytest.mark.parametrize("seed", [0, 1])  # the second run of a process is told as well
def test_a_run_stores_what_its_method_warns_of_and_no_library(
    seed: int,
    run: Run,
    config: ExecutionConfig,
    result: RunResult,
    experiment: Callable[..., None],
) -> None:
    def run_experiment(run: Run, **parts: Any) -> RunResult:
        for module, text in (
            ("avalanche.training", "no logger"),
            ("rmn.plugin", "pruning never came"),
            ("rmn.plugin", "pruning never came"),
            ("baselines.mine", f"{ROOT}/mine: too little memory"),
        ):
            warner(module)(text)
        return result

    experiment(run_experiment)
    assert made(run, config).error == ""
    warned = stored(run, config).provenance["warnings"]
    assert warned == ["pruning never came", "mine: too little memory"]


def test_what_a_run_warned_of_is_kept_when_it_fails(
    run: Run, config: ExecutionConfig, experiment: Callable[..., None]
) -> None:
    def run_experiment(run: Run, **parts: Any) -> RunResult:
        warner("rmn.plugin")("the loss grows")
        raise DivergedError("the loss is not finite")

    experiment(run_experiment)
    with pytest.warns(UserWarning, match="the loss grows"):
        made(run, config)
    record = stored(run, config)
    assert (record.status, record.provenance["warnings"]) == ("diverged", ["the loss grows"])


def test_a_diverged_run_is_stored_as_such_without_a_traceback(
    run: Run, config: ExecutionConfig, experiment: Callable[..., None]
) -> None:
    experiment(failing(DivergedError("task 2/5, epoch 1/2: a loss is not finite")))
    assert made(run, config).error == "DivergedError: task 2/5, epoch 1/2: a loss is not finite"
    record = stored(run, config)
    assert (record.status, record.error) == ("diverged", made(run, config).error)


def test_a_checkpoint_is_discarded_when_its_run_has_finished_and_no_sooner(
    run: Run, config: ExecutionConfig, result: RunResult, experiment: Callable[..., None]
) -> None:
    folder = checkpoints.folder(config.results, run)
    folder.mkdir(parents=True)
    experiment(failing(RuntimeError("out of memory")))
    made(run, config)
    assert folder.exists()
    experiment(lambda run, **parts: result)
    made(run, config)
    assert not folder.exists()


def test_without_its_data_no_run_is_recorded(
    run: Run, config: ExecutionConfig, experiment: Callable[..., None]
) -> None:
    experiment(failing(DataUnavailableError("mnist.npz is damaged")))
    with pytest.raises(FatalError, match=r"^mnist.npz is damaged$"):
        made(run, config)
    assert store.status(config.results, run) == "missing"


def test_what_another_command_has_finished_meanwhile_stays(
    run: Run, config: ExecutionConfig, result: RunResult, experiment: Callable[..., None]
) -> None:
    experiment(lambda run, **parts: result)
    made(run, config)
    before = stored(run, config)
    assert made(run, config).error == ""
    experiment(failing(ValueError("too late")))
    assert "too late" in made(run, config).error
    record_failure(run, config, "later still", {})
    assert stored(run, config) == before


def test_what_cannot_be_stored_says_so_and_ends_nothing_else(
    run: Run, config: ExecutionConfig, result: RunResult, experiment: Callable[..., None]
) -> None:
    """A file where the folder of the method should be: neither success nor failure has a place."""
    method = (config.results / run.folder).parent
    method.parent.mkdir(parents=True)
    method.touch()
    experiment(lambda run, **parts: result)
    assert made(run, config).error.startswith("not stored: ")
    experiment(failing(ValueError("wrong shape")))
    *_, reason, unstored = made(run, config).error.splitlines()
    assert "wrong shape" in reason
    assert unstored.startswith("not stored: ")
    crash = record_crash(run, config, "the worker died", "", 1.0)
    assert crash.startswith("the worker died\nnot stored: ")
    method.unlink()
    experiment(lambda run, **parts: result)
    assert made(run, config).error == ""
    assert stored(run, config).status == "finished"


def test_what_a_dead_process_left_half_written_goes_when_the_run_is_stored(
    run: Run, config: ExecutionConfig, result: RunResult, experiment: Callable[..., None]
) -> None:
    folder = config.results / run.folder
    (folder.parent / f".unfinished-{run.id}-x").mkdir(parents=True)
    experiment(lambda run, **parts: result)
    made(run, config)
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failure_gives_way_to_success(
    run: Run, config: ExecutionConfig, result: RunResult, experiment: Callable[..., None]
) -> None:
    record_failure(run, config, "first", {"seconds": 1.0})
    assert (stored(run, config).error, stored(run, config).status) == ("first", "failed")
    experiment(lambda run, **parts: result)
    made(run, config)
    assert stored(run, config).status == "finished"


def test_the_declaration_is_the_methods(run: Run, unknown: Run) -> None:
    shared = {**run.training, "norm": "shared"}
    without = replace(run, scenario="class-il", training=shared)
    ewc = declaration(replace(without, baseline="ewc", settings={"ewc_lambda": 1.0}))
    assert (ewc.title, ewc.requirements, ewc.rule) == ("EWC", (), "")
    assert ewc.supervision == "task boundaries"
    assert ewc.colour.startswith("#")
    assert declaration(unknown) == MethodDeclaration(title="no_such_method")


def test_what_the_scenario_gives_is_declared_of_every_method(run: Run) -> None:
    assert run.scenario == "task-il"
    assert declaration(run).requirements == (
        "one BatchNorm per task",
        "uses the task identity when it is given at test",
    )
    headed = replace(run, training={**run.training, "norm": "none", "outputs": "heads"})
    assert declaration(headed).requirements == (
        "one output layer per task",
        "uses the task identity when it is given at test",
    )


def test_the_rule_is_that_of_the_settings_where_they_can_be_read(run: Run) -> None:
    usual = replace(run, baseline="hat_plus", settings={})
    other = replace(usual, settings={"router": "ridge-units"})
    unreadable = replace(usual, settings={"no_such_setting": 1})
    rules = [declaration(one).rule for one in (usual, other, unreadable)]
    assert rules == ["ridge-filters", "ridge-units", "max-logit"]  # the last is its class's


def test_want_of_memory_names_what_to_lower() -> None:
    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 50)
    assert "--jobs" in advice(failed.value)
    assert "training.batch_size" in advice(failed.value)
    assert "--jobs" in advice(MemoryError())
    assert advice(ValueError("shapes differ")) == ""
