"""What `harness.bench` measures besides rates: masked steps, many tasks, and use of the cores."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.benchmark import Timer

from baselines.context import Context
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS
from harness.config.budgets import PRECISIONS, TrainingBudget
from harness.config.networks import Network
from harness.data.loading import TensorLoading
from harness.data.streams import experiences, make_stream
from harness.evaluation.memory_usage import MemoryUsage, memory_usage
from harness.reporting.markdown_table import markdown_table
from harness.storage import store
from harness.training.networks import NETWORKS, mlp
from harness.training.precision import mixed_precision
from rmn import RelevanceNetwork, convert

_ROUNDS: Final = 7
TASKS: Final = 50


def steps(device: torch.device) -> str:
    """A table in Markdown: a training step with masks beside one without."""
    head = (
        *(f"network on {device.type}", "batch", "precision", "plain, images/s"),
        *("with masks, images/s", "masked / plain time"),
    )
    rows = []
    for name, network in NETWORKS.items():
        batch = network.timed_batch
        if batch is None:
            continue
        for precision in PRECISIONS:
            plain, masked = _step_seconds(network, batch, precision, device)
            rates = [f"{batch / seconds:,.0f}" for seconds in (plain, masked)]
            rows.append([name, str(batch), precision, *rates, f"{masked / plain:.2f}"])
    return markdown_table(head, rows, words={0, 2})


def _step_seconds(
    network: Network, batch: int, precision: str, device: torch.device
) -> tuple[float, float]:
    """Median seconds of a training step without masks and of one with them, timed in turn.

    Args:
        network: the backbone.
        batch: examples in the step.
        precision: of its products.
        device: where it is made.
    """
    x = torch.rand(batch, *network.input_shape, device=device)
    y = torch.randint(0, 5, (batch,), device=device)
    plain, other = (
        network.make(10, "batch").to(device).to(memory_format=torch.channels_last) for _ in range(2)
    )
    masked = convert(other)
    for task in range(2):  # the second task has frozen weights
        masked.begin_task(task, range(10))
        if not task:
            masked.finish_task()
    timers = [
        Timer("step()", globals={"step": _step(one, x, y, precision)}) for one in (plain, masked)
    ]
    number = 20 if device.type == "cuda" else 1  # a GPU computes a step while the next is prepared
    rounds = [[timer.timeit(number).mean for timer in timers] for _ in range(_ROUNDS)]
    without, with_masks = map(statistics.median, zip(*rounds, strict=True))
    return without, with_masks


def _step(network: nn.Module, x: Tensor, y: Tensor, precision: str) -> Callable[[], None]:
    """A training step: forward, backward, optimizer, restored weights."""
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        with mixed_precision(x.device, precision):
            torch.autograd.backward(F.cross_entropy(network(x), y))
        optimizer.step()
        if isinstance(network, RelevanceNetwork):
            network.restore_frozen_weights()

    return step


def _held(memory: MemoryUsage) -> int:
    """All bytes that a strategy holds."""
    return memory.predictor_bytes + memory.training_bytes


def tasks() -> str:
    """A table in Markdown: what one more task costs RMN, early and late in a long stream."""
    benchmark = BENCHMARKS["permuted_mnist"]
    benchmark = replace(benchmark, classes=benchmark.classes[:1] * TASKS)
    stream = make_stream(benchmark, TrainingBudget(epochs=1, train_examples=12_800), 0)
    context = Context(
        network=lambda: mlp(benchmark.outputs),
        outputs=benchmark.outputs,
        tasks=TASKS,
        epochs=1,
        batch_size=128,
        learning_rate=0.002,
        device=torch.device("cpu"),
        seed=0,
        plugins=(TensorLoading(0),),
    )
    strategy = methods()["rmn"]().build(context)
    seconds, stored, peak = [], [], []
    for experience in experiences(stream.train):
        train = partial(strategy.train, experience, reset_optimizer_state=True)
        seconds.append(_timed(train))
        stored.append(_held(memory_usage(strategy)))
        peak.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    early, late = statistics.median(seconds[1:6]), statistics.median(seconds[-5:])
    weights = sum(len(group.weight) for group in strategy.model.mappings)
    masks = sum(layer.packed.numel() for layer in strategy.model.relevance_layers().values())
    rows = [
        ["seconds of training a task", *_growth(early, late, 2)],
        ["peak memory of the process, MB", *_growth(peak[1] / 1024, peak[-1] / 1024, 0)],
        ["tensors kept by the strategy, MB", *_growth(stored[1] / 1e6, stored[-1] / 1e6, 2)],
        ["of that, bits of mask per weight and task", "", f"{8 * masks / weights / TASKS:.3f}", ""],
    ]
    head = [f"Permuted-MNIST, {TASKS} tasks", "task 2", f"task {TASKS}", "ratio"]
    return markdown_table(head, rows, words={0})


def _growth(first: float, last: float, digits: int) -> tuple[str, str, str]:
    """Two numbers and their ratio as printed."""
    return f"{first:.{digits}f}", f"{last:.{digits}f}", f"{last / first:.2f}"


def use_of_cores(jobs: int) -> str:
    """A table in Markdown: how busy `harness.compare` keeps the cores on Split-MNIST."""
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        command = [sys.executable, "-m", "harness.compare", "--benchmark", "split_mnist"]
        command += ["--jobs", str(jobs), "--results", name, "--no-report"]
        wall = _timed(lambda: subprocess.run(command, check=True, capture_output=True))
        records = store.read(results, "split_mnist", "default").records
    busy = sum(float(record.provenance["seconds"]) for record in records)
    rows = [
        ["runs", f"{len(records)}"],
        ["seconds, from the command to the table", f"{wall:.0f}"],
        ["sum of the runs' seconds", f"{busy:.0f}"],
        [f"of {jobs} workers' time spent in runs", f"{100 * busy / wall / jobs:.0f} %"],
    ]
    return markdown_table(["Split-MNIST, all methods, 5 seeds", ""], rows, words={0})


def _timed(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
