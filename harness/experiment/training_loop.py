"""Training a method task after task and measuring it after each, with or without task labels."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from avalanche.training.plugins import SupervisedPlugin

from baselines.context import Context
from baselines.interface import Baseline, DetectsTasks, Requirement, Supervision
from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.config.scenarios import given_by
from harness.data.streams import Stream
from harness.data.unlabelled_streams import StreamLoader, TaskBoundaryCallback, UnlabelledStream
from harness.evaluation.labelled import evaluate_labelled
from harness.evaluation.logit_cache import LogitCache
from harness.evaluation.measurements import Snapshot, measure
from harness.evaluation.memory_usage import memory_usage, network_bytes
from harness.evaluation.unlabelled import MaskAssignment, evaluate_unlabelled
from harness.experiment.checkpointing import Checkpoints, ResumableParts, SavedState
from harness.experiment.curves import accuracies
from harness.experiment.progress import ProgressTracker, TrainingStage
from harness.experiment.requirements import check_requirements
from harness.storage.schema import Row
from harness.tracking.logger import Log
from harness.training.divergence import DivergenceGuard
from harness.training.precision import mixed_precision

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


@dataclass(frozen=True)
class TrainingLoop:
    """A method in training.

    Attributes:
        method: what is trained.
        scenario: what it is asked at test.
        strategy: made by it.
        context: that it was made from.
        budget: of the training.
        stream: the data.
        tracker: receives the progress; its stages are `training_stages` of the same parts.
        guard: one of the strategy's plugins.
        checkpoints: of the run; None to keep none.
        log: receives the accuracies after each task; None for nobody.
        cache: logits of test data, for as long as they hold.
    """

    method: Baseline
    scenario: str
    strategy: SupervisedTemplate
    context: Context
    budget: TrainingBudget
    stream: Stream
    tracker: ProgressTracker
    guard: DivergenceGuard
    checkpoints: Checkpoints | None = None
    log: Log | None = None
    cache: LogitCache = field(default_factory=LogitCache)

    def run(self) -> list[Row]:
        """Train on every task and measure after each, from the last checkpoint on.

        Raises:
            UndeclaredRequirementError: after the first task in which the method does what it does
                not declare.
            CheckpointError: there is a checkpoint that cannot be used.
            DivergedError: a loss, a parameter or a logit is not finite.
        """
        saved = self.checkpoints.load(self.context.device) if self.checkpoints else None
        unlabelled = self.stream.unlabelled
        if unlabelled is None:
            return self._run_task_incremental(self.stream.experiences, saved)
        if self.method.supervision is Supervision.NONE:
            return self._run_task_free(unlabelled, saved)
        return self._run_task_incremental(unlabelled.segments(), saved)

    def _run_task_incremental(
        self, experiences: Sequence[Any], saved: SavedState | None
    ) -> list[Row]:
        """One call of `train` for each training stage."""
        parts = self._parts(optimizer_begins_anew=self.budget.reset_optimizer)
        rows, done = self._begin(saved)
        if self.checkpoints and saved:
            self.checkpoints.restore(parts, saved)
        each = len(experiences) // len(self.tracker.stages)
        for number, stage in enumerate(self.tracker.stages):
            after = (number + 1) * each
            if after <= done:
                self.tracker.skip(stage)
                continue
            group = experiences[number * each : after]
            self.strategy.train_epochs = stage.epochs
            self.tracker.begin(stage)
            started = time.perf_counter()
            self._train(list(group))
            trained = time.perf_counter()
            shown = stage.epochs * sum(len(experience.dataset) for experience in group)
            rows += self._logged(self._measure(after, trained - started, shown))
            self._save(parts, rows, after)
        return rows

    def _run_task_free(self, stream: UnlabelledStream, saved: SavedState | None) -> list[Row]:
        """One call of `train` for the whole stream, interrupted by the evaluations."""
        rows, done = self._begin(saved)
        stages, first = self.tracker.stages, stream.ends[done - 1] if done else 0
        clock = time.perf_counter()

        def at_boundary(after: int) -> None:
            nonlocal clock
            trained = time.perf_counter() - clock
            shown = int(stream.counts[slice(*stream.segment(after))].sum())
            rows.extend(self._logged(self._measure(after, trained, shown)))
            self._save(parts, rows, after)
            for stage in stages[after : after + 1]:
                self.tracker.begin(stage)
            self.strategy.model.train()
            clock = time.perf_counter()

        loader = StreamLoader(stream, first)
        boundaries = TaskBoundaryCallback(stream.ends, at_boundary, first)
        parts = self._parts(optimizer_begins_anew=False, loader=loader, boundaries=boundaries)
        self.strategy.plugins += [loader, boundaries]
        if self.checkpoints and saved:
            self.strategy.plugins.append(RestoringPlugin(self.checkpoints, parts, saved))
        for stage in stages[:done]:
            self.tracker.skip(stage)
        self.tracker.begin(stages[done])
        clock = time.perf_counter()
        self._train(stream.whole())
        for plugin in (loader, boundaries):
            self.strategy.plugins.remove(plugin)
        return [*rows, *_switches(stream, self.strategy)]

    def _begin(self, saved: SavedState | None) -> tuple[list[Row], int]:
        """The rows so far, perhaps those of the untrained network at first, and the tasks done."""
        return (saved.rows, saved.done) if saved else (list(self._evaluate(0)), 0)

    def _parts(self, *, optimizer_begins_anew: bool, **others: object) -> ResumableParts:
        unstored = {"tracker": self.tracker, "guard": self.guard, **others}
        return ResumableParts(
            self.strategy, self.context, self.stream, unstored, optimizer_begins_anew
        )

    def _save(self, parts: ResumableParts, rows: list[Row], done: int) -> None:
        if self.checkpoints and done < self.stream.benchmark.tasks:
            self.checkpoints.save(parts, rows, done)

    def _train(self, experiences: Any) -> None:
        with mixed_precision(self.context.device, self.budget.precision):
            self.strategy.train(experiences, reset_optimizer_state=self.budget.reset_optimizer)

    def _measure(self, after: int, trained: float, shown: int) -> Iterator[Row]:
        """Rows after a task: accuracies, costs, then every registered measurement.

        Args:
            after: number of tasks learned.
            trained: seconds of training on the last of them.
            shown: examples that it was trained on.
        """
        self.guard.check(self.strategy)
        started = time.perf_counter()
        yield from self._evaluate(after)
        evaluated = time.perf_counter() - started
        memory = memory_usage(self.strategy)
        check_requirements(self.method, self.strategy, memory, given_by(self.scenario, self.budget))
        costs = {
            "train_seconds": trained,
            "eval_seconds": evaluated,
            "train_examples": shown,
            "network_bytes": network_bytes(self.context.network()),
            "predictor_bytes": memory.predictor_bytes,
            "training_bytes": memory.training_bytes,
            "stored_examples": memory.examples,
        }
        for metric, value in costs.items():
            yield {"metric": metric, "after": after, "value": float(value)}
        yield from measure(
            Snapshot(
                strategy=self.strategy,
                benchmark=self.stream.benchmark,
                stream=self.stream,
                after=after,
                device=self.context.device,
            )
        )

    def _logged(self, measured: Iterator[Row]) -> list[Row]:
        """The rows of a task, whose accuracies are logged."""
        rows = list(measured)
        if self.log is not None:
            self.log(accuracies(rows, self.method.default_rule), self.tracker.epochs)
        return rows

    def _evaluate(self, after: int) -> Iterator[Row]:
        # a stream without task boundaries is measured in the midst of training
        with torch.autocast(self.context.device.type, enabled=False):
            for row in self._accuracies(after):
                self.tracker.tested(row["task"])
                yield row

    def _accuracies(self, after: int) -> Iterator[Row]:
        stream, device = self.stream, self.context.device
        if stream.unlabelled is None:
            yield from evaluate_labelled(
                self.strategy,
                stream.benchmark,
                self.scenario,
                stream.test,
                after,
                device,
                matrix=self.budget.accuracy_matrix,
                precision=self.budget.precision,
                cache=self.cache,
            )
            return
        parts = (self.strategy, stream.benchmark, self.scenario, stream.test, after, device)
        assignment = None
        if after and isinstance(self.strategy, DetectsTasks):
            shown = stream.unlabelled.counts[: stream.unlabelled.ends[after - 1]]
            assignment = MaskAssignment.of(shown, self.strategy.switches)
        yield from evaluate_unlabelled(*parts, assignment, stream.unlabelled.tasks_shown(after))


class RestoringPlugin(SupervisedPlugin):
    """Restores a checkpoint that was taken within a call of `train`, at the start of its like.

    Args:
        checkpoints: of the run.
        parts: of the run.
        saved: by `Checkpoints.load`.
    """

    def __init__(self, checkpoints: Checkpoints, parts: ResumableParts, saved: SavedState) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.parts = parts
        self.saved = saved

    def before_training_epoch(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Everything that `train` makes anew has been made."""
        strategy.plugins.remove(self)  # it is the last, and must not be stored in turn
        self.checkpoints.restore(self.parts, self.saved)


def training_stages(
    method: Baseline, benchmark: Benchmark, budget: TrainingBudget
) -> list[TrainingStage]:
    """What each call of the strategy's `train` learns, and for how long.

    Args:
        method: what is trained.
        benchmark: the tasks, as many as the budget has.
        budget: of the training.
    """
    if not benchmark.labelled:  # such a stream repeats the examples itself
        budget = replace(budget, epochs=1, first_epochs=None)
    if Requirement.ALL_TASKS_AT_ONCE in method.requirements:
        return [TrainingStage(f"all {benchmark.tasks} tasks", budget.epochs)]
    return [
        TrainingStage(f"task {task}/{benchmark.tasks}", budget.epochs_of(task))
        for task in range(1, benchmark.tasks + 1)
    ]


def _switches(stream: UnlabelledStream, strategy: SupervisedTemplate) -> Iterator[Row]:
    """Where new tasks began and where the method detected some, in batches from the start."""
    yield {"metric": "batches", "value": float(len(stream.batches))}
    for task in range(len(stream.ends)):
        first = int(stream.counts[:, task].nonzero()[0])
        yield {"metric": "border", "task": task + 1, "value": float(first)}
    detected: Sequence[int] = strategy.switches if isinstance(strategy, DetectsTasks) else ()
    for mask, batch in enumerate(detected, start=1):
        yield {"metric": "switch", "other": mask, "value": float(batch)}
