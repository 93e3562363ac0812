"""One run: build the method, train it task after task, and measure it after each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import pandas as pd
import torch
from avalanche.training.plugins import SupervisedPlugin

from baselines.components.losses import OutputsSeenPlugin
from baselines.context import Context, Norm
from baselines.interface import Baseline, HasMasks
from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.config.run import Run
from harness.config.scenarios import TASK_IL
from harness.data.loading import TensorLoading
from harness.data.streams import Stream, make_stream
from harness.evaluation.conditions import HeldInTraining
from harness.evaluation.learning_curve import LearningCurve
from harness.evaluation.masks import packed
from harness.experiment.backbones import Backbones
from harness.experiment.building import build
from harness.experiment.checkpointing import Checkpoints
from harness.experiment.curves import LossCurve
from harness.experiment.progress import ProgressTracker, RunProgress
from harness.experiment.training_loop import TrainingLoop, training_stages
from harness.storage import schema
from harness.tracking.logger import Log
from harness.training.augmentation import RandomAffine
from harness.training.divergence import DivergenceGuard
from harness.training.schedules import CosineDecay, PlateauDecay

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


_SHARED: Final = (TensorLoading, CosineDecay, RandomAffine, DivergenceGuard)
"""Plugins that any strategy may have; the others look at the method that is measured."""


@dataclass(frozen=True)
class RunResult:
    """What a run measured.

    Attributes:
        rows: raw measurements (`harness.storage.schema`).
        masks: packed masks per layer, uint8, for methods that have any; the bits of all tasks are
            packed together by numpy.packbits, `<layer>.shape` has their shape.
    """

    rows: pd.DataFrame
    masks: dict[str, np.ndarray]


def run_experiment(
    run: Run,
    *,
    device: str,
    data: Path | None,
    report: Callable[[RunProgress], None],
    checkpoint: Path | None = None,
    log: Log | None = None,
) -> RunResult:
    """Train and measure one method; the same run gives the same rows on a CPU.

    Args:
        run: what to train.
        device: "cpu", "cuda", or "auto" for the GPU where there is one.
        data: folder of the data sets; None for the packaged ones.
        report: receives the progress.
        checkpoint: folder of the run's checkpoint, which it goes on from if there is one and
            writes after every task; None for none. The caller discards it when the run is stored.
        log: receives the curves; None for nobody.

    Raises:
        BackboneError: the benchmark's network is a plugin's, and no method can be compared on it.
        CheckpointError: the checkpoint is of other code, or damaged.
        DataUnavailableError: a data file is missing or damaged.
        DivergedError: a loss, a parameter or a logit is not finite.
        TypeError: the method builds no strategy, or one without what every method is given.
        UndeclaredRequirementError: the method does what it does not declare.
    """
    budget = TrainingBudget(**run.training)
    torch.manual_seed(run.seed)
    stream = make_stream(benchmarks()[run.benchmark], budget, run.seed, data)
    method = methods()[run.baseline](**run.settings)
    tracker = ProgressTracker(training_stages(method, stream.benchmark, budget), report)
    guard = DivergenceGuard(lambda: tracker.doing)
    curve = LossCurve(tracker, log)
    plugins = (guard, *_plugins(stream, budget, run.seed, tracker), curve)
    epochs = tracker.stages[-1].epochs
    context = _context(stream, run, budget, epochs, _device(device), plugins, method)
    strategy = build(method, context)
    package = type(method).__module__.partition(".")[0]
    saved = Checkpoints(checkpoint, run, (package,)) if checkpoint else None
    loop = TrainingLoop(
        method, run.scenario, strategy, context, budget, stream, tracker, guard, saved, log
    )
    rows = loop.run()
    masks = strategy.masks() if isinstance(strategy, HasMasks) else {}
    return RunResult(schema.table(rows, run), packed(masks))


def _plugins(
    stream: Stream, budget: TrainingBudget, seed: int, tracker: ProgressTracker
) -> tuple[SupervisedPlugin, ...]:
    """The harness's own plugins, the same for every method of a comparison."""
    plugins: list[SupervisedPlugin] = [
        TensorLoading(seed, by_task=budget.norm == "per-task"),
        OutputsSeenPlugin(),
        _EpochReport(tracker),
        HeldInTraining(),
    ]
    if budget.decay:
        plugins.append(CosineDecay())
    if budget.patience is not None:
        plugins.append(PlateauDecay(stream.held_out, budget.patience))
    if budget.learning_curve and stream.unlabelled is None:
        plugins.append(LearningCurve(stream.benchmark, stream.test))
    if budget.affine:
        plugins.append(RandomAffine(seed))
    return tuple(plugins)


def _context(
    stream: Stream,
    run: Run,
    budget: TrainingBudget,
    epochs: int,
    device: torch.device,
    plugins: tuple[SupervisedPlugin, ...],
    method: Baseline,
) -> Context:
    benchmark = stream.benchmark
    norm, own = cast(Norm, budget.norm), benchmark.labelled and budget.outputs == "own"
    backbones = Backbones(benchmark.network, benchmark.outputs, run.seed, device, norm)
    backbones.check(stream.train[0].inputs(slice(2)))
    return Context(
        network=backbones,
        outputs=benchmark.outputs,
        tasks=benchmark.tasks,
        epochs=epochs,
        batch_size=budget.batch_size,
        learning_rate=budget.learning_rate,
        device=device,
        seed=run.seed,
        plugins=plugins,
        shared_plugins=tuple(plugin for plugin in plugins if isinstance(plugin, _SHARED)),
        norm=norm,
        head="per-task" if budget.outputs == "heads" else "shared",
        task_outputs=benchmark.task_outputs if own else (),
        loss=_loss(run.scenario, method, benchmark) if own else "all",
        optimizer=budget.optimizer,
    )


def _loss(scenario: str, method: Baseline, benchmark: Benchmark) -> Literal["own", "seen", "all"]:
    """A function per task is learned by what tells the task's classes apart.

    Args:
        scenario: of the run.
        method: of the run.
        benchmark: of the run.
    """
    if scenario == TASK_IL or method.rule:
        return "own"
    return "all" if benchmark.loss_over_all else "seen"


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class _EpochReport(SupervisedPlugin):
    """Reports each finished epoch."""

    def __init__(self, tracker: ProgressTracker) -> None:
        super().__init__()
        self.tracker = tracker

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        self.tracker.trained(strategy.clock.train_exp_epochs + 1)
