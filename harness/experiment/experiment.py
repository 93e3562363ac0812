"""One run: build the method, train it task after task, and measure it after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from avalanche.training.plugins import SupervisedPlugin
from torch import nn

from baselines.interface import Context, HasMasks
from baselines.registry import methods
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import Training
from harness.config.run import Run
from harness.data.loading import TensorLoading
from harness.data.streams import make_stream
from harness.evaluation.masks import packed
from harness.evaluation.supervised import Row
from harness.experiment.progress import Course, Position
from harness.experiment.training_loop import Lessons, stages
from harness.storage import schema
from harness.training.augmentation import RandomAffine
from harness.training.networks import NETWORKS
from harness.training.schedules import CosineDecay, PlateauDecay


@dataclass(frozen=True)
class Outcome:
    """What a run measured.

    Attributes:
        rows: raw measures (`harness.storage.schema`).
        masks: packed masks per layer, uint8, for methods that have any; the bits of all tasks are
            packed together by numpy.packbits, `<layer>.shape` has their shape.
    """

    rows: pd.DataFrame
    masks: dict[str, np.ndarray]


def perform(
    run: Run, *, device: str, data: Path | None, report: Callable[[Position], None]
) -> Outcome:
    """Train and measure one method; the same run gives the same rows on a CPU.

    Args:
        run: what to train.
        device: "cpu", "cuda", or "auto" for the GPU where there is one.
        data: folder of the data sets; None for the packaged ones.
        report: is told how far it is.

    Raises:
        DataUnavailableError: a data file is missing or damaged.
        ValueError: the method does what it does not declare.
    """
    training = Training(**run.training)
    where = _device(device)
    torch.manual_seed(run.seed)
    stream = make_stream(BENCHMARKS[run.benchmark], training, run.seed, data)
    benchmark = stream.benchmark
    method = methods()[run.baseline](**run.settings)
    course = Course(stages(method, benchmark, training), report)
    plugins: list[SupervisedPlugin] = [TensorLoading(run.seed), _Report(course)]
    if training.decay:
        plugins.append(CosineDecay())
    if training.patience is not None:
        plugins.append(PlateauDecay(stream.held_out, training.patience))
    if training.affine:
        plugins.append(RandomAffine(run.seed))
    epochs = course.stages[-1].epochs
    context = _context(benchmark, training, epochs, run.seed, where, tuple(plugins))
    strategy = method.build(context)
    lessons = Lessons(method, strategy, context, benchmark, training, stream, course)
    rows = list(lessons.rows())
    masks = strategy.masks() if isinstance(strategy, HasMasks) else {}
    return Outcome(_table(rows, run), packed(masks))


def _table(rows: list[Row], run: Run) -> pd.DataFrame:
    blank = {"regime": "", "rule": "", "layer": "", "after": None, "task": None, "other": None}
    shared = {
        "run_id": run.id,
        "benchmark": run.benchmark,
        "baseline": run.baseline,
        "setting": run.setting,
        "seed": run.seed,
    }
    return schema.check(pd.DataFrame([{**shared, **blank, **row} for row in rows]))


def _context(
    benchmark: Benchmark,
    training: Training,
    epochs: int,
    seed: int,
    device: torch.device,
    plugins: tuple[Any, ...],
) -> Context:
    made = 0

    def network() -> nn.Module:
        """The n-th network of a run is the same for every method."""
        nonlocal made
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1000 * seed + made)
            made += 1
            backbone = NETWORKS[benchmark.network](benchmark.outputs).to(device)
            return backbone.to(memory_format=torch.channels_last)  # convolutions run faster

    return Context(
        network=network,
        outputs=benchmark.outputs,
        tasks=benchmark.tasks,
        epochs=epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        device=device,
        seed=seed,
        plugins=plugins,
        head=benchmark.head,
    )


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class _Report(SupervisedPlugin):
    """Tells about each finished epoch."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course = course

    def after_training_epoch(self, strategy: Any, **kwargs: Any) -> None:
        self.course.trained(strategy.clock.train_exp_epochs + 1)
