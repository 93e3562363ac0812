"""Every benchmark by name: ours, and those that plugins register."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import index
from typing import Final, Literal

from baselines.plugins import BENCHMARKS as GROUP
from baselines.plugins import check_name, import_entry_points
from baselines.registration import Registry
from harness.config.benchmarks import BENCHMARKS, Benchmark, DataFunction
from harness.config.budgets import TrainingBudget, profiles

_REPORTS: Final = ("index", "paper")
"""Files of the folder of reports that are of no benchmark."""

_TASKS_BY: Final = ("classes", "experiences", "permutations")
_SMOKE_TRAINING: Final = 256
_SMOKE_TEST: Final = 200
_SMOKE_TASKS: Final = 5
_LONG: Final = 5
"""Times the epochs of the default profile, for the one with learning curves."""

_BENCHMARKS: Final = Registry[Benchmark](
    "benchmarks",
    lambda benchmark: getattr(benchmark.data, "__module__", __name__),
    entries=BENCHMARKS,
)


def benchmarks() -> dict[str, Benchmark]:
    """Every benchmark by name, ours before those of plugins."""
    import_entry_points(GROUP)
    return _BENCHMARKS.known()


def register_benchmark(
    name: str,
    *,
    title: str,
    classes: Sequence[Sequence[int]],
    network: str,
    budget: TrainingBudget,
    tasks_by: Literal["classes", "experiences", "permutations"] = "classes",
    version: int = 1,
) -> Callable[[DataFunction], DataFunction]:
    """Decorator of a function that reads the data of a benchmark, which becomes known by its name.

    The function takes the folder that --data names, or None, and returns the training and the test
    split: `harness.data.conversion` makes them of tensors, of a torchvision data set, or of any
    benchmark of Avalanche. Its docstring says in reports what the benchmark is. Import torch inside
    it: names must be known without.

    Args:
        name: as typed on the command line.
        title: as printed.
        classes: of each task, in the order of the stream, numbered over all of it.
        network: name of the backbone.
        budget: of the profile `default`, from which those of the others are made.
        tasks_by: each task has the examples of its classes; those that the data say; or all of
            them, with the pixels in an order of its own.
        version: raise it when the same name begins to mean other data.

    Raises:
        ValueError: the name is taken or cannot be typed, `tasks_by` is unknown, a task has no
            classes or they are no different whole numbers from 0, or the function has no docstring.
    """
    check_name("benchmark", name)
    if name in _REPORTS:
        raise ValueError(f"a benchmark cannot be named {name!r}: the report of several is")
    if tasks_by not in _TASKS_BY:
        raise ValueError(f"tasks_by of {name!r} is {tasks_by!r}; use one of {_TASKS_BY}")
    tasks = _tasks(name, classes)

    def registered(function: DataFunction) -> DataFunction:
        summary = " ".join(inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].split())
        if not summary:
            raise ValueError(f"the benchmark {name!r} needs a docstring, which reports print")
        smoke = replace(
            budget,
            epochs=1,
            train_examples=_SMOKE_TRAINING,
            test_examples=_SMOKE_TEST,
            tasks=min(_SMOKE_TASKS, len(tasks)),
        )
        benchmark = Benchmark(
            name=name,
            title=title,
            summary=summary,
            dataset=name,
            network=network,
            tasks_by=tasks_by,
            classes=tasks,
            groups=tuple(range(len(tasks))) if tasks_by == "experiences" else (),
            budgets=profiles(budget, smoke, budget, long_epochs=_LONG * budget.epochs),
            data=function,
            version=version,
        )
        _BENCHMARKS.add(name, benchmark)
        return function

    return registered


def _tasks(name: str, classes: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """The classes of each task as Python numbers.

    Raises:
        ValueError: there is no task, or the classes of one are no different whole numbers from 0.
    """
    try:
        tasks = tuple(tuple(map(index, task)) for task in classes)
    except TypeError:
        tasks = ()
    for task in tasks or ((),):
        if not task or min(task) < 0 or len(set(task)) < len(task):
            raise ValueError(
                f"the benchmark {name!r} is registered with classes={classes!r}; give each task "
                "different whole numbers, from 0 on: classes=[(0, 1), (2, 3)]"
            )
    return tasks
