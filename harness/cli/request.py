"""The command line of `python -m harness.compare`: its help, and what it refuses."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from baselines.interface import Baseline
from baselines.registry import methods
from harness.cli.options import DATA_VARIABLE, make_parser
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import PROFILES, TrainingBudget
from harness.config.plan import suits
from harness.config.resolution import TRAINING, Resolved, assignments, budget, resolve, tuned
from harness.config.settings import SettingError
from harness.config.suggestions import unknown
from harness.data.sources import SOURCES
from harness.execution.local import cores


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for, checked.

    Attributes:
        benchmark: which tasks.
        profile: key of its training budgets.
        methods: what to compare, by name.
        settings: of each method.
        seeds: number of seeds.
        part: which part of the runs to make, from 1, and the number of parts.
        jobs: number of worker processes.
        threads: of each run.
        device: "auto", "cpu" or "cuda".
        data: folder of the data sets; None for the packaged ones.
        results: folder of the results.
        reports: folder of the reports.
        plan: only show what would run.
        retry_failed: run again what failed before.
        report: make the report at the end.
    """

    benchmark: Benchmark
    profile: str
    methods: Mapping[str, type[Baseline]]
    settings: Mapping[str, Resolved]
    seeds: int
    part: tuple[int, int]
    jobs: int
    threads: int
    device: str
    data: Path | None
    results: Path
    reports: Path
    plan: bool
    retry_failed: bool
    report: bool


def read(words: Sequence[str]) -> Request:
    """The request that the words after the program's name make.

    Raises:
        SystemExit: with status 2 for a wrong argument, after saying what to type instead; with
            status 0 for --help.
    """
    known = methods()
    parser = make_parser(known)
    given, extra = parser.parse_known_args(words)
    if extra:
        options = re.findall("--[a-z-]+", parser.format_usage())
        parser.error(unknown("argument", extra[0].partition("=")[0], options))
    try:
        return _request(given, known)
    except (SettingError, RefusedArgumentError) as error:
        parser.error(str(error))


class RefusedArgumentError(ValueError):
    """An argument that cannot be used; says what can."""


def _request(given: argparse.Namespace, known: Mapping[str, type[Baseline]]) -> Request:
    check_known("benchmark", [given.benchmark], BENCHMARKS)
    check_known("profile", [given.profile], PROFILES)
    benchmark = BENCHMARKS[given.benchmark]
    names = _default(benchmark, known) if given.methods is None else _names(given.methods)
    check_known("method", names, known)
    check_told(benchmark, names, known)
    overrides = assignments(given.set, known)
    training, changed = budget(benchmark.training[given.profile], overrides.pop(TRAINING, {}))
    if not benchmark.labelled and (training.decay or training.patience is not None):
        raise RefusedArgumentError(
            f"{benchmark.name} tells no borders, so no learning rate can be lowered within a task; "
            "leave out training.decay and training.patience"
        )
    _orderable(benchmark, training)
    benchmark = replace(benchmark, training={**benchmark.training, given.profile: training})
    for name in overrides:
        if name not in names:
            raise RefusedArgumentError(
                f"--set {name}...: {name} is not among --methods; add it there"
            )
    best = _best(benchmark)
    if given.profile == "paper":
        for name, prescribed in benchmark.prescribed.items():
            best[name] = best.get(name, {}) | dict(prescribed)
    return Request(
        benchmark=benchmark,
        profile=given.profile,
        methods={name: known[name] for name in names},
        settings={
            name: resolve(
                known[name],
                best.get(known[name].tuning_source or name, {}),
                overrides.get(name, {}),
            ).also(changed)
            for name in names
        },
        seeds=given.seeds,
        part=given.part,
        jobs=given.jobs or max(1, cores() // given.threads),
        threads=given.threads,
        device=given.device,
        data=data_folder(given.data, benchmark),
        results=_folder("--results", given.results),
        reports=_folder("--reports", given.reports),
        plan=given.plan,
        retry_failed=given.retry_failed,
        report=not given.no_report and given.part == (1, 1),
    )


def _best(benchmark: Benchmark) -> dict[str, dict[str, Any]]:
    """Tuned settings by method: the benchmark's own before those of the one it is made from."""
    inherited = _best(BENCHMARKS[benchmark.tuned_on]) if benchmark.tuned_on else {}
    return inherited | tuned(benchmark.name)


def check_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that there are none of.

    Raises:
        RefusedArgumentError: there is one; suggests the nearest.
    """
    for name in names:
        if name not in known:
            raise RefusedArgumentError(unknown(kind, name, known))


def _default(benchmark: Benchmark, known: Mapping[str, type[Baseline]]) -> list[str]:
    """What is compared unless --methods says otherwise."""
    return [
        name
        for name, method in known.items()
        if suits(benchmark, method) and name not in benchmark.on_demand
    ]


def check_told(
    benchmark: Benchmark, names: Iterable[str], known: Mapping[str, type[Baseline]]
) -> None:
    """Refuse methods that a benchmark does not tell what they must be told.

    Raises:
        RefusedArgumentError: there is one; says which benchmarks do.
    """
    for name in names:
        if not suits(benchmark, known[name]):
            lists = [other for other in BENCHMARKS.values() if suits(other, known[name])]
            raise RefusedArgumentError(
                f"{name} must be told {known[name].told}, and {benchmark.name} is not a stream for "
                f"that; try --benchmark {' or '.join(other.name for other in lists)}"
            )


def _orderable(benchmark: Benchmark, training: TrainingBudget) -> None:
    try:
        benchmark.under(training)
    except ValueError as error:
        raise RefusedArgumentError(str(error)) from None


def _names(text: str) -> list[str]:
    names = list(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    if not names:
        raise RefusedArgumentError("--methods names no method; write for example --methods rmn,ewc")
    return names


def data_folder(folder: Path | None, benchmark: Benchmark) -> Path | None:
    """The folder that --data or the environment names, None if neither does.

    Raises:
        RefusedArgumentError: it does not hold the benchmark's data set.
    """
    option = "--data"
    if folder is None and os.environ.get(DATA_VARIABLE):
        option, folder = DATA_VARIABLE, Path(os.environ[DATA_VARIABLE])
    source = SOURCES[benchmark.dataset]
    if folder is not None and not (folder / source.file).is_file():
        if source.packaged and option == DATA_VARIABLE:
            return None  # the environment may name a folder for the other data sets
        if source.packaged:
            hint = f"leave out {option}: {benchmark.dataset} ships with the package"
        else:
            hint = f"put it there, or name another folder by --data or {DATA_VARIABLE}"
        raise RefusedArgumentError(f"{option}: {folder / source.file} is missing; {hint}")
    return folder


def _folder(option: str, folder: Path) -> Path:
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise RefusedArgumentError(f"{option}: {nearest} is a file; name a folder")
    if not os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        raise RefusedArgumentError(f"{option}: {nearest} cannot be read and written; name another")
    return folder
