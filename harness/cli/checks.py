"""Checks of arguments that need more than one option, a list of names or the disk."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from baselines.interface import Baseline, Supervision
from baselines.plugins import PluginError
from harness.cli.options import DATA_VARIABLE, given_executor_options
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.budgets import TrainingBudget
from harness.config.networks import network_names
from harness.config.plan import is_compatible
from harness.config.scenarios import SCENARIOS, allowed_scenarios, scenarios_of
from harness.config.suggestions import canonical, shortened, unknown
from harness.data.sources import SOURCES
from harness.execution.executor import ExecutionConfig, Executor, FatalError, executors
from harness.execution.plugins import plugins_in_use
from harness.tracking.logger import loggers

_LONGEST_NAME: Final = 255
"""Bytes that the usual file systems allow."""


class ArgumentError(ValueError):
    """An argument that cannot be used; the message says what can."""


def known_names(kind: str, names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names that were meant, as they are written; letters may be typed in either case.

    Args:
        kind: what they should name, such as "benchmark".
        names: as typed.
        known: every name that exists.

    Raises:
        ArgumentError: there is no such name; suggests the nearest.
    """
    known = list(known)
    return list(dict.fromkeys(known_name(kind, name, known) for name in names))


def known_name(kind: str, name: str, known: Iterable[str]) -> str:
    """The one name that was meant (`known_names`).

    Args:
        kind: what it should name.
        name: as typed.
        known: every name that exists.

    Raises:
        ArgumentError: there is no such name; suggests the nearest.
    """
    known = list(known)
    meant = canonical(name, known)
    if meant is None:
        raise ArgumentError(unknown(kind, name, known))
    return meant


def check_compatible(
    benchmark: Benchmark, names: Iterable[str], methods: Mapping[str, type[Baseline]]
) -> None:
    """Refuse methods that need more, or less, supervision than a benchmark gives.

    Args:
        benchmark: the stream.
        names: of the methods asked for.
        methods: every method by name.

    Raises:
        ArgumentError: there is one; says which benchmarks it can be trained on.
    """
    for name in names:
        method = methods[name]
        if not is_compatible(benchmark, method):
            others = [one.name for one in benchmarks().values() if is_compatible(one, method)]
            needs, gives = "is for streams without task labels", "has them"
            if method.supervision is Supervision.TASK_LABELS:
                needs, gives = "needs task labels", "has none"
            raise ArgumentError(
                f"{name} {needs}, and {benchmark.name} {gives}; try --benchmark "
                f"{' or '.join(others)}"
            )


def check_budget(benchmark: Benchmark, budget: TrainingBudget) -> None:
    """Refuse a budget that a benchmark's stream cannot have.

    Args:
        benchmark: the stream.
        budget: what every method would be given.

    Raises:
        ArgumentError: says which setting to leave out.
    """
    if not benchmark.labelled and (budget.decay or budget.patience is not None):
        raise ArgumentError(
            f"{benchmark.name} has no task boundaries, so no learning rate can be lowered within a "
            "task; leave out training.decay and training.patience"
        )
    try:
        benchmark.under(budget)
    except ValueError as error:
        raise ArgumentError(str(error)) from None


def with_threads(given: Mapping[str, str], threads: int | None) -> dict[str, str]:
    """What is given of the budget with the number of threads, which --threads says as well.

    Args:
        given: values as typed, by field.
        threads: of --threads; None where it was not given.

    Raises:
        ArgumentError: the two differ.
    """
    number = str(threads or given.get("threads", 1))
    if given.get("threads", number) != number:
        raise ArgumentError("--threads and --set training.threads differ; give one of them")
    return {**given, "threads": number}


def chosen_scenarios(benchmark: Benchmark, text: str | None) -> tuple[str, ...]:
    """The scenarios that --scenario names, or those of the benchmark.

    Args:
        benchmark: what is compared.
        text: as typed; None where the option was not given.

    Raises:
        ArgumentError: a name is unknown, or the benchmark cannot be compared in it.
    """
    if text is None:
        return scenarios_of(benchmark)
    names = known_names("scenario", split_names("--scenario", text), SCENARIOS)
    allowed = allowed_scenarios(benchmark)
    for name in names:
        if name not in allowed:
            raise ArgumentError(
                f"{benchmark.name} cannot be compared in {name}; try --scenario "
                f"{' or '.join(allowed)}"
            )
    return tuple(names)


def split_names(option: str, text: str) -> list[str]:
    """The distinct names of a comma-separated argument.

    Args:
        option: that was given it.
        text: as typed.

    Raises:
        ArgumentError: there is no name.
    """
    names = list(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    if not names:
        kind = option.removeprefix("--").removesuffix("s")
        raise ArgumentError(f"{option} names no {kind}; separate several by commas")
    return names


def data_folder(folder: Path | None, benchmark: Benchmark) -> Path | None:
    """The folder that --data or the environment names, None if neither does.

    Args:
        folder: given by --data.
        benchmark: whose data set it must hold.

    Raises:
        ArgumentError: it does not hold the benchmark's data set.
    """
    option = "--data"
    if folder is None and os.environ.get(DATA_VARIABLE):
        option, folder = DATA_VARIABLE, Path(os.environ[DATA_VARIABLE])
    if benchmark.data is not None:
        return folder if folder is None else readable_folder(option, folder)
    source = SOURCES[benchmark.dataset]
    if folder is not None and not (folder / source.file).is_file():
        if source.packaged and option == DATA_VARIABLE:
            return None  # the environment may name a folder for the other data sets
        if source.packaged:
            hint = f"leave out {option}: {benchmark.dataset} ships with the package"
        else:
            hint = f"put it there, or name another folder by --data or {DATA_VARIABLE}"
        raise ArgumentError(f"{option}: {folder / source.file} is missing; {hint}")
    return folder


def readable_folder(option: str, folder: Path) -> Path:
    """The folder, which need not exist yet and may be read-only.

    Args:
        option: that names it.
        folder: as given.

    Raises:
        ArgumentError: it is a file, cannot be read, or can be no folder's name.
    """
    nearest = _nearest(option, folder)
    if not os.access(nearest, os.R_OK | os.X_OK):
        raise ArgumentError(f"{option}: {nearest} cannot be read; name another")
    return folder


def writable_folder(option: str, folder: Path) -> Path:
    """The folder, which need not exist yet.

    Args:
        option: that names it.
        folder: as given.

    Raises:
        ArgumentError: it is a file, cannot be read and written, or can be no folder's name.
    """
    nearest = _nearest(option, folder)
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise ArgumentError(f"{option}: {nearest} cannot be read and written; name another")
    return folder


def execution_config(
    args: argparse.Namespace, benchmark: Benchmark, origin: Mapping[str, Any], threads: int
) -> ExecutionConfig:
    """How runs are made, by the options that every command has that makes runs.

    Args:
        args: parsed, of `harness.cli.options.add_execution` and `add_results`.
        benchmark: whose data set must be there.
        origin: provenance that all runs share (`harness.storage.provenance.origin`).
        threads: of each run.

    Raises:
        ArgumentError: the data set is not there, the results folder cannot be read, the benchmark's
            network is unknown, what is registered cannot be imported by another process, or a
            logger is not there.
    """
    try:
        plugins = dict.fromkeys([*args.plugin, *plugins_in_use()])
    except PluginError as error:
        raise ArgumentError(str(error)) from error
    if benchmark.network not in network_names():
        kind = f"network of {benchmark.name}"
        raise ArgumentError(unknown(kind, benchmark.network, network_names()))
    return ExecutionConfig(
        results=readable_folder("--results", args.results),
        data=data_folder(args.data, benchmark),
        plugins=tuple(plugins),
        loggers=_chosen_loggers(args.log),
        logs=writable_folder("--logs", args.logs).absolute(),
        device=args.device,
        origin=origin,
        jobs=args.jobs,
        threads=threads,
    )


def _chosen_loggers(text: str | None) -> tuple[str, ...]:
    """The loggers that --log names.

    Raises:
        ArgumentError: there is no such logger, or its library is not installed.
    """
    if text is None:
        return ()
    known = loggers()
    names = known_names("logger", split_names("--log", text), known)
    for name in names:
        if not known[name].is_installed:
            raise ArgumentError(
                f"--log {name}: {known[name].library} is not installed; type pip install "
                "'rmn-harness[loggers]'"
            )
    return tuple(names)


def chosen_executor(args: argparse.Namespace, config: ExecutionConfig) -> Executor:
    """The executor that --executor names, with its own options.

    Args:
        args: parsed, of `harness.cli.options.add_execution`.
        config: how runs are made.

    Raises:
        ArgumentError: an option of another executor is given, or this one cannot be had.
    """
    given = given_executor_options(args)
    for name, values in given.items():
        if values and name != args.executor:
            option = f"--{next(iter(values)).replace('_', '-')}"
            raise ArgumentError(f"{option} is for --executor {name}; add that, or leave it out")
    try:
        return executors()[args.executor](config, **given[args.executor])
    except FatalError as error:
        raise ArgumentError(f"--executor {args.executor}: {error}") from error


def _nearest(option: str, folder: Path) -> Path:
    """The folder, or the nearest one above it that is there.

    Raises:
        ArgumentError: it is a file, or the name is none.
    """
    reason = ""
    try:
        if any(len(os.fsencode(part)) > _LONGEST_NAME for part in folder.parts):
            reason = "a name in it is too long"
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:  # a character that no name can have, or a loop of links
        reason = getattr(error, "strerror", "") or str(error)
    if reason:
        raise ArgumentError(f"{option}: {shortened(str(folder))!r} cannot be a folder: {reason}")
    above = (folder, *folder.absolute().parents)
    nearest = next(path for path in above if path.exists() or path.is_symlink())
    if not nearest.exists():
        raise ArgumentError(f"{option}: {nearest} is a link to nothing; name another")
    if not nearest.is_dir():
        raise ArgumentError(f"{option}: {nearest} is a file; name a folder")
    return nearest
