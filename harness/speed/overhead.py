"""What `harness.bench` measures besides rates: masked steps, many tasks, and use of the cores."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
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
from harness.data.loading import TensorLoading
from harness.data.streams import experiences, make_stream
from harness.evaluation.memory_usage import MemoryUsage, memory_usage
from harness.storage import store
from harness.training.networks import NETWORKS, mlp
from harness.training.precision import mixed_precision
from rmn import RelevanceNetwork, convert

_ROUNDS: Final = 7
TASKS: Final = 50


def steps(device: torch.device) -> Iterator[str]:
    """Rows of Markdown: a training step with masks beside one without, in turn, in one process."""
    rates = "plain, images/s | with masks, images/s"
    yield f"| network on {device.type} | batch | precision | {rates} | masked / plain time |"
    yield "| --- | ---: | --- | ---: | ---: | ---: |"
    number = 20 if device.type == "cuda" else 1  # a GPU computes a step while the next is prepared
    for name, network in NETWORKS.items():
        batch = network.timed_batch
        if batch is None:
            continue
        x = torch.rand(batch, *network.input_shape, device=device)
        y = torch.randint(0, 5, (batch,), device=device)
        for precision in PRECISIONS:
            plain, other = (
                network.make(10, "batch").to(device).to(memory_format=torch.channels_last)
                for _ in range(2)
            )
            masked = convert(other)
            for task in range(2):  # the second task has frozen weights
                masked.begin_task(task, range(10))
                if not task:
                    masked.finish_task()
            timers = [
                Timer("step()", globals={"step": _step(one, x, y, precision)})
                for one in (plain, masked)
            ]
            rounds = [[timer.timeit(number).mean for timer in timers] for _ in range(_ROUNDS)]
            one, other = map(statistics.median, zip(*rounds, strict=True))
            rates = f"{batch / one:,.0f} | {batch / other:,.0f}"
            yield f"| {name} | {batch} | {precision} | {rates} | {other / one:.2f} |"


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


def tasks() -> Iterator[str]:
    """Rows of Markdown: what one more task costs RMN, early and late in a long stream."""
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
    yield "| Permuted-MNIST, 50 tasks | task 2 | task 50 | ratio |"
    yield "| --- | ---: | ---: | ---: |"
    yield f"| seconds of training a task | {early:.2f} | {late:.2f} | {late / early:.2f} |"
    first, last = peak[1] / 1024, peak[-1] / 1024
    yield f"| peak memory of the process, MB | {first:.0f} | {last:.0f} | {last / first:.2f} |"
    first, last = stored[1] / 1e6, stored[-1] / 1e6
    yield f"| tensors kept by the strategy, MB | {first:.2f} | {last:.2f} | {last / first:.2f} |"
    yield f"| of that, bits of mask per weight and task | | {8 * masks / weights / TASKS:.3f} | |"


def use_of_cores(jobs: int) -> Iterator[str]:
    """Rows of Markdown: how busy `harness.compare` keeps the cores on Split-MNIST."""
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        command = [sys.executable, "-m", "harness.compare", "--benchmark", "split_mnist"]
        command += ["--jobs", str(jobs), "--results", name, "--no-report"]
        wall = _timed(lambda: subprocess.run(command, check=True, capture_output=True))
        records = store.read(results, "split_mnist", "default").records
    busy = sum(float(record.provenance["seconds"]) for record in records)
    yield "| Split-MNIST, all methods, 5 seeds | |"
    yield "| --- | ---: |"
    yield f"| runs | {len(records)} |"
    yield f"| seconds, from the command to the table | {wall:.0f} |"
    yield f"| sum of the runs' seconds | {busy:.0f} |"
    yield f"| of {jobs} workers' time spent in runs | {100 * busy / wall / jobs:.0f} % |"


def _timed(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started
