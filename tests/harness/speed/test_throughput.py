"""What `harness.bench` times, on little data and by a clock that the test moves."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from avalanche.training.supervised import Naive
from torchvision.datasets import MNIST

from harness.config.budgets import TrainingBudget
from harness.data.streams import make_stream
from harness.speed import throughput
from harness.speed.subjects import SUBJECTS
from harness.speed.throughput import (
    BENCHMARK,
    Rates,
    plain,
    stock,
    throughput_of,
    warm_up,
)

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small MNIST: twenty images of each digit in either split."""
    folder = tmp_path_factory.mktemp("data")
    labels = np.arange(200, dtype=np.uint8) % 10
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    arrays = {f"{split}_{part}" for split in ("train", "test") for part in ("images", "labels")}
    content = {name: images if name.endswith("images") else labels for name in arrays}
    np.savez(folder / "mnist.npz", allow_pickle=False, **content)
    return folder


@pytest.fixture(autouse=True)
def little_work(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty examples a task; training takes three seconds and evaluation two."""
    budget = TrainingBudget(epochs=1, train_examples=20, test_examples=20)
    seconds: Iterator[float] = iter((100.0, 103.0, 105.0))
    monkeypatch.setattr(throughput, "PACKAGED", mnist)
    monkeypatch.setattr(throughput, "_stream", lambda: make_stream(BENCHMARK, budget, seed=0))
    monkeypatch.setattr(throughput, "_clock", lambda device: next(seconds))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_can_be_measured(subject: str, tmp_path: Path) -> None:
    rates = throughput_of(subject, tmp_path, CPU)
    # without the task identity, the four fifths of the examples that are of tasks learned: under
    # every function that there is, and in RMN under those of the tasks learned alone
    evaluation = {"our rmn": 4 * 4_000, "our hat": 5 * 4_000}.get(subject, 4_000)
    if not subject.startswith("our"):
        evaluation = 5_000
    assert rates == Rates(training=20_000, evaluation=evaluation)
    assert any(tmp_path.iterdir()) == subject.startswith("stock")


def test_rates_are_of_all_examples_of_mnist(tmp_path: Path) -> None:
    assert plain(tmp_path, CPU) == Rates(training=60_000 / 3, evaluation=10_000 / 2)


def test_stock_avalanche_trains_on_the_same_data(tmp_path: Path) -> None:
    assert stock(Naive)(tmp_path, CPU) == Rates(training=20_000, evaluation=5_000)


def test_the_files_of_mnist_are_as_torchvision_reads_them(tmp_path: Path, mnist: Path) -> None:
    throughput._write_idx(tmp_path)
    with np.load(mnist / "mnist.npz") as arrays:
        for split in ("train", "test"):
            read = MNIST(tmp_path, train=split == "train")
            assert np.array_equal(read.data.numpy(), arrays[f"{split}_images"])
            assert np.array_equal(read.targets.numpy(), arrays[f"{split}_labels"])
    for packed in tmp_path.rglob("*.gz"):
        assert gzip.decompress(packed.read_bytes()) == packed.with_suffix("").read_bytes()


def test_warming_up_needs_no_data() -> None:
    warm_up(CPU)
