"""What one change may touch: an executor, a network, a data set and a benchmark from outside.

How a method, a report format and a metric are added is tested with these.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from harness import compare
from harness.cli.comparison import read_comparison
from harness.config import benchmarks, networks
from harness.config.benchmarks import Benchmark
from harness.config.budgets import DIGITS
from harness.config.networks import Normalisation, register_network
from harness.config.run import Run
from harness.data import sources
from harness.data.sources import Source
from harness.execution import executor
from harness.experiment.experiment import RunResult, run_experiment
from harness.storage import store

if TYPE_CHECKING:
    from harness.data.sources import Arrays, Split

EXECUTOR = '''
"""Makes runs one after the other in the command's own process."""

from harness.execution.executor import register_executor
from harness.execution.make_run import make_run
from harness.storage.provenance import machine


@register_executor("one_by_one")
class OneByOne:
    def __init__(self, config):
        self.config = config

    def run(self, runs, listener):
        here = machine("cpu", "", self.config.threads)
        for run in runs:
            listener.started(0, run, None)
            ended = make_run(
                run,
                self.config,
                here,
                lambda progress, run=run: listener.progressed(0, run, progress, None),
            )
            listener.ended(0, run, ended.error, ended.seconds, None)
'''


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As a worker has it: here, runs are made in the process of the tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def _one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The executor is known during a test."""
    (tmp_path / "outside_executor.py").write_text(EXECUTOR)
    monkeypatch.setattr(executor._EXECUTORS, "entries", executor.executors())
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("outside_executor")
    yield
    del sys.modules["outside_executor"]


@pytest.mark.usefixtures("_one_by_one")
def test_an_executor_is_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--benchmark", "split_mnist", "--profile", "smoke", "--seeds", "2"]
    argv += ["--scenario", "class-il", "--methods", "naive"]
    argv += ["--executor", "one_by_one", "--no-report"]
    argv += ["--set", "training.train_examples=64", "--set", "training.test_examples=32"]
    argv += ["--results", str(tmp_path / "results")]
    assert compare.main(argv) == 0
    captured = capsys.readouterr()
    heading, *lines = captured.err.splitlines()
    assert heading == "2 runs to make."
    assert [" finished in " in line for line in lines] == [True, True]
    assert "Naive" in captured.out
    found = store.read(tmp_path / "results", "split_mnist", "smoke")
    assert [record.status for record in found.records] == ["finished", "finished"]
    assert {record.run.seed for record in found.records} == {0, 1}
    for record in found.records:
        assert "--executor one_by_one" in record.provenance["command"]
    assert compare.main([*argv, "--plan"]) == 0
    assert "0 of 2 runs to make." in capsys.readouterr().out


@pytest.mark.usefixtures("_one_by_one")
def test_help_names_the_executor(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        compare.main(["--help"])
    assert "one_by_one" in capsys.readouterr().out


def trained(argv: list[str], data: Path | None = None) -> tuple[Run, RunResult]:
    """The first run of a command line, made here."""
    budget = ["--set", "training.train_examples=64", "--set", "training.test_examples=32"]
    options = ["--profile", "smoke", "--seeds", "1", "--methods", "rmn", *budget]
    options += ["--scenario", "task-il"]
    where = ["--data", str(data)] if data else []
    [run] = read_comparison([*argv, *options, *where], {}).runs
    return run, run_experiment(run, device="cpu", data=data, report=lambda progress: None)


def perceptron(outputs: int, norm: Normalisation) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, outputs, bias=False))


def halves(name: str, network: str, dataset: str = "mnist") -> Benchmark:
    """Two tasks of five classes each."""
    return Benchmark(
        name=name,
        title="Halves",
        summary="Ten classes in two tasks.",
        dataset=dataset,
        network=network,
        tasks_by="classes",
        classes=((0, 1, 2, 3, 4), (5, 6, 7, 8, 9)),
        budgets=DIGITS,
    )


def test_a_benchmark_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(benchmarks.BENCHMARKS, "halves", halves("halves", "mlp"))
    run, result = trained(["--benchmark", "halves"])
    assert (run.benchmark, result.rows["benchmark"].unique().tolist()) == ("halves", ["halves"])
    accuracies = result.rows[result.rows["metric"] == "accuracy"]
    assert set(accuracies["task"]) == {1, 2}


def test_a_network_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks._NETWORKS, "entries", {})
    register_network("perceptron", input_shape=(1, 28, 28))(perceptron)
    monkeypatch.setitem(benchmarks.BENCHMARKS, "halves", halves("halves", "perceptron"))
    _, result = trained(["--benchmark", "halves"])
    weights = result.rows[result.rows["metric"] == "weights"]
    assert weights["value"].tolist() == [7840.0]  # of its one layer
    assert [name for name in result.masks if not name.endswith(".shape")] == [*weights["layer"]]


def bars(arrays: Arrays, split: str) -> Split:
    labels = arrays[f"{split}_labels"].astype("int64")
    return arrays[f"{split}_images"][:, None], labels, 0 * labels


def test_a_data_set_is_one_entry_beside_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten positions of a bright bar; a network that sees them tells all of them apart."""
    labels = np.arange(400) % 10
    images = np.zeros((400, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4] = 255
    file = tmp_path / "bars.npz"
    np.savez(file, train_images=images, train_labels=labels, test_images=images, test_labels=labels)
    source = Source("bars.npz", hashlib.sha256(file.read_bytes()).hexdigest(), "", bars)
    monkeypatch.setitem(sources.SOURCES, "bars", source)
    monkeypatch.setitem(benchmarks.BENCHMARKS, "halves", halves("halves", "mlp", "bars"))
    _, result = trained(["--benchmark", "halves", "--set", "training.epochs=20"], tmp_path)
    rows = result.rows[(result.rows["metric"] == "accuracy") & (result.rows["after"] == 2)]
    assert rows.loc[rows["scenario"] == "task-il", "value"].tolist() == [1.0, 1.0]
