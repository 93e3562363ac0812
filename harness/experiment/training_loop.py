"""Training a method task after task and measuring it after each, with or without task labels."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from baselines.interface import Baseline, Context, FindsTasks, HasMasks, Relaxation, Told
from harness.config.benchmarks import Benchmark
from harness.config.budgets import Training
from harness.data.streams import Stream
from harness.data.unlabelled_streams import StreamLoading, UnlabelledStream
from harness.evaluation.logit_cache import Answers
from harness.evaluation.masks import mask_rows
from harness.evaluation.memory_usage import kept, network_bytes
from harness.evaluation.supervised import Row, evaluate, routing
from harness.evaluation.unsupervised import Ownership, evaluate_unlabelled
from harness.experiment.progress import Course, Stage
from harness.experiment.requirements import check_declaration
from harness.training.precision import mixed_precision


@dataclass(frozen=True)
class Lessons:
    """A method in training.

    Attributes:
        method: what is trained.
        strategy: made by it.
        context: that it was made from.
        benchmark: the tasks.
        training: the budget.
        stream: the data.
        course: is told where the training is; its stages are `stages` of the same parts.
        answers: to test data, for as long as they hold.
    """

    method: Baseline
    strategy: Any
    context: Context
    benchmark: Benchmark
    training: Training
    stream: Stream
    course: Course
    answers: Answers = field(default_factory=Answers)

    def rows(self) -> Iterator[Row]:
        """Train on every task and measure after each.

        Raises:
            ValueError: after the first task in which the method does what it does not declare.
        """
        unlabelled = self.stream.unlabelled
        if unlabelled is None:
            yield from self._told(list(self.stream.experiences), None)
        elif self.method.told is Told.NOTHING:
            yield from self._untold(unlabelled)
        else:
            yield from self._told(list(unlabelled.stretches()), unlabelled)

    def _told(self, experiences: list[Any], unlabelled: UnlabelledStream | None) -> Iterator[Row]:
        """One call of `train` a task."""
        yield from self._evaluation(0, unlabelled)
        each = len(experiences) // len(self.course.stages)
        for number, stage in enumerate(self.course.stages):
            group = experiences[number * each : (number + 1) * each]
            self.strategy.train_epochs = stage.epochs
            self.course.begin(stage)
            started = time.perf_counter()
            self._train(group)
            trained = time.perf_counter()
            shown = stage.epochs * sum(len(experience.dataset) for experience in group)
            after = (number + 1) * each
            yield from self._measured(after, trained - started, shown, unlabelled)

    def _untold(self, stream: UnlabelledStream) -> Iterator[Row]:
        """One call of `train` for everything; the measuring goes on between two batches."""
        rows = [*self._evaluation(0, stream)]
        clock = time.perf_counter()

        def at_end(after: int) -> None:
            nonlocal clock
            trained = time.perf_counter() - clock
            shown = int(stream.counts[slice(*_stretch(stream, after))].sum())
            rows.extend(self._measured(after, trained, shown, stream))
            for stage in self.course.stages[after : after + 1]:
                self.course.begin(stage)
            self.strategy.model.train()
            clock = time.perf_counter()

        self.course.begin(self.course.stages[0])
        loading = StreamLoading(stream, at_end)
        self.strategy.plugins.append(loading)
        self._train(stream.whole())
        self.strategy.plugins.remove(loading)
        yield from rows
        yield from _switches(stream, self.strategy)

    def _train(self, experiences: Any) -> None:
        with mixed_precision(self.context.device, self.training.precision):
            self.strategy.train(experiences, reset_optimizer_state=True)

    def _measured(
        self, after: int, trained: float, shown: int, stream: UnlabelledStream | None
    ) -> Iterator[Row]:
        started = time.perf_counter()
        yield from self._evaluation(after, stream)
        evaluated = time.perf_counter() - started
        held = kept(self.strategy)
        check_declaration(self.method, self.strategy, held, self.benchmark.head)
        values = {
            "train_seconds": trained,
            "eval_seconds": evaluated,
            "train_examples": shown,
            "stored_bytes": held.bytes - network_bytes(self.context.network()),
            "stored_examples": held.examples,
        }
        for metric, value in values.items():
            yield {"metric": metric, "after": after, "value": float(value)}
        yield from _router_costs(self.strategy, after)
        first = after - 1
        if isinstance(self.strategy, FindsTasks):
            begun = len(self.strategy.switches)
            yield {"metric": "masks", "after": after, "value": float(begun)}
            first = begun if after < self.benchmark.tasks else 0  # the live mask still changes
        if isinstance(self.strategy, HasMasks):
            yield from mask_rows(self.strategy.masks(), after, first)

    def _evaluation(self, after: int, stream: UnlabelledStream | None) -> Iterator[Row]:
        # a stream without borders is measured in the midst of training
        with torch.autocast(self.context.device.type, enabled=False):
            for row in self._answers(after, stream):
                self.course.tested(row["task"])
                yield row

    def _answers(self, after: int, stream: UnlabelledStream | None) -> Iterator[Row]:
        parts = (self.strategy, self.benchmark, self.stream.test, after, self.context.device)
        if stream is None:
            yield from evaluate(*parts, self.training.precision, self.answers)
            return
        ownership = None
        if after and isinstance(self.strategy, FindsTasks):
            shown = stream.counts[: stream.ends[after - 1]]
            ownership = Ownership.of(shown, self.strategy.switches)
        yield from evaluate_unlabelled(*parts, ownership)


def stages(method: Baseline, benchmark: Benchmark, training: Training) -> list[Stage]:
    """What each call of the method's `train` learns, and for how long."""
    if not benchmark.labelled:  # such a stream repeats the examples itself
        training = replace(training, epochs=1, first_epochs=None)
    if Relaxation.ALL_TASKS_AT_ONCE in method.relaxations:
        return [Stage(f"all {benchmark.tasks} tasks", training.epochs)]
    tasks = range(1, benchmark.tasks + 1)
    return [Stage(f"task {task}/{benchmark.tasks}", training.epochs_of(task)) for task in tasks]


def _router_costs(strategy: Any, after: int) -> Iterator[Row]:
    plugin = routing(strategy)
    if plugin is None:
        return
    for rule, router in plugin.routers.items():
        row: Row = {"after": after, "rule": rule}
        yield {**row, "metric": "router_bytes", "value": float(router.bytes)}
        yield {**row, "metric": "router_seconds", "value": plugin.seconds[rule]}


def _stretch(stream: UnlabelledStream, task: int) -> tuple[int, int]:
    edges = (0, *stream.ends)
    return edges[task - 1], edges[task]


def _switches(stream: UnlabelledStream, strategy: Any) -> Iterator[Row]:
    """Where new tasks began and where the method thought so, in batches from the start."""
    yield {"metric": "batches", "value": float(len(stream.batches))}
    for task in range(len(stream.ends)):
        first = int(stream.counts[:, task].nonzero()[0])
        yield {"metric": "border", "task": task + 1, "value": float(first)}
    found: Sequence[int] = strategy.switches if isinstance(strategy, FindsTasks) else ()
    for mask, batch in enumerate(found, start=1):
        yield {"metric": "switch", "other": mask, "value": float(batch)}
