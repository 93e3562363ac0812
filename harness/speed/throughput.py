"""The same training by a plain loop, by stock Avalanche and by the harness, timed.

Every subject trains the paper's MLP on Split-MNIST, one epoch a task, batch 128, one thread.
"""

from __future__ import annotations

import gzip
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from avalanche.benchmarks import SplitMNIST
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.supervised import EWC, MAS, Naive, SynapticIntelligence
from torch import nn
from torch.nn import functional as F

from baselines.context import Context
from baselines.interface import HasFingerprints, InfersTask
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import TrainingBudget
from harness.config.scenarios import CLASS_IL
from harness.data.datasets import PACKAGED
from harness.data.loading import TensorLoading
from harness.data.streams import Stream, make_stream
from harness.evaluation.labelled import evaluate_labelled
from harness.speed.subjects import OURS, PLAIN, STOCK
from harness.training.networks import mlp

BENCHMARK: Final = BENCHMARKS["split_mnist"]
BATCH: Final = 128

Measurement = Callable[[Path, torch.device], "Rates"]
"""Measures on a device, with a folder for the files that it needs."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one process measured.

    Attributes:
        training: examples trained on per second, over all tasks, importance passes included.
        evaluation: test examples passed through the network per second, over all tasks; one that
            is evaluated under several masks counts as many times.
    """

    training: float
    evaluation: float


def plain(folder: Path, device: torch.device) -> Rates:
    """A PyTorch loop over float tensors: no Avalanche, no plugins, no task labels."""
    stream = _stream()
    model = mlp(BENCHMARK.outputs).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002, fused=True)
    tasks, tests = (
        [(data.inputs().to(device), data.images.labels.to(device)) for data in part]
        for part in (stream.train, stream.test)
    )
    started = _clock(device)
    for x, y in tasks:
        for batch in torch.split(torch.randperm(len(y), device=device), BATCH):
            optimizer.zero_grad()
            torch.autograd.backward(F.cross_entropy(model(x[batch]), y[batch]))
            optimizer.step()
    trained = _clock(device)
    model.eval()
    with torch.no_grad():
        for x, y in tests:
            for at in range(0, len(y), 2500):
                (model(x[at : at + 2500]).argmax(1) == y[at : at + 2500]).sum().item()
    return _rates(trained - started, _clock(device) - trained, passes=1)


def ours(name: str) -> Measurement:
    """A method of the harness, through Avalanche's training loop."""

    def measure(folder: Path, device: torch.device) -> Rates:
        stream = _stream()
        context = Context(
            network=lambda: mlp(BENCHMARK.outputs).to(device),
            outputs=BENCHMARK.outputs,
            tasks=BENCHMARK.tasks,
            epochs=1,
            batch_size=BATCH,
            learning_rate=0.002,
            device=device,
            seed=0,
            plugins=(TensorLoading(0),),
        )
        strategy = methods()[name]().build(context)
        started = _clock(device)
        for experience in stream.experiences:
            strategy.train(experience, reset_optimizer_state=True)
        trained = _clock(device)
        last = BENCHMARK.tasks - 1  # after the last task the one-shot rule is measured as well
        list(evaluate_labelled(strategy, BENCHMARK, CLASS_IL, stream.test, last, device))
        seen = sum(len(data) for data in stream.test[:last]) / sum(map(len, stream.test))
        passes = seen * _functions(strategy, last)
        return _rates(trained - started, _clock(device) - trained, passes)

    return measure


def _functions(strategy: Any, learned: int) -> int:
    """Under how many functions each test example is evaluated without its task."""
    if isinstance(strategy, HasFingerprints):
        return learned
    return BENCHMARK.tasks if isinstance(strategy, InfersTask) else 1


def stock(kind: Callable[..., Any], **settings: Any) -> Measurement:
    """A strategy of Avalanche's own on its own SplitMNIST, as its documentation has it."""

    def measure(folder: Path, device: torch.device) -> Rates:
        _write_idx(folder)
        benchmark = SplitMNIST(
            BENCHMARK.tasks,
            return_task_id=True,
            fixed_class_order=list(range(10)),
            dataset_root=folder,
        )
        model = mlp(BENCHMARK.outputs).to(device)
        strategy = kind(
            model=model,
            optimizer=torch.optim.Adam(model.parameters(), lr=0.002),
            criterion=nn.CrossEntropyLoss(),
            train_mb_size=BATCH,
            train_epochs=1,
            eval_mb_size=BATCH,
            device=device,
            evaluator=EvaluationPlugin(accuracy_metrics(experience=True)),
            **settings,
        )
        started = _clock(device)
        for experience in benchmark.train_stream:
            strategy.train(experience)
        trained = _clock(device)
        strategy.eval(benchmark.test_stream)
        return _rates(trained - started, _clock(device) - trained, passes=1)

    return measure


def throughput_of(subject: str, folder: Path, device: torch.device) -> Rates:
    """Measure one of `harness.speed.subjects.SUBJECTS`.

    Args:
        subject: its name.
        folder: for the files that it needs.
        device: where to train.
    """
    if subject == PLAIN:
        return plain(folder, device)
    if subject.startswith(STOCK):
        kind, settings = _STOCK[subject.removeprefix(STOCK)]
        return stock(kind, **settings)(folder, device)
    return ours(subject.removeprefix(OURS))(folder, device)


_STOCK: Final[dict[str, tuple[Callable[..., Any], dict[str, float]]]] = {
    "naive": (Naive, {}),
    "ewc": (EWC, {"ewc_lambda": 1e4}),
    "si": (SynapticIntelligence, {"si_lambda": 100.0}),
    "mas": (MAS, {"lambda_reg": 1.0}),
}


def warm_up(device: torch.device) -> None:
    """One step of training: a GPU's libraries start with their first call, for a second."""
    model = mlp(BENCHMARK.outputs).to(device)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    torch.autograd.backward(model(torch.rand(BATCH, 1, 28, 28, device=device)).square().mean())
    optimizer.step()


def _clock(device: torch.device) -> float:
    """Seconds, when the device has done all the work that was queued."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _stream() -> Stream:
    return make_stream(BENCHMARK, TrainingBudget(epochs=1), seed=0)


def _rates(training: float, evaluation: float, passes: float) -> Rates:
    return Rates(60_000 / training, passes * 10_000 / evaluation)


def _write_idx(folder: Path) -> None:
    """MNIST as the files that torchvision looks for."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    with np.load(PACKAGED / "mnist.npz") as arrays:
        for split, prefix in (("train", "train"), ("test", "t10k")):
            images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
            header = struct.pack(">IIII", 2051, len(images), 28, 28)
            _write(raw / f"{prefix}-images-idx3-ubyte", header + images.tobytes())
            header = struct.pack(">II", 2049, len(labels))
            _write(raw / f"{prefix}-labels-idx1-ubyte", header + labels.tobytes())


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.with_suffix(".gz").write_bytes(gzip.compress(content, 1))
