"""How runs are made, by the options that every command has that makes runs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from baselines.plugins import PluginError
from harness.cli.arguments import ArgumentError
from harness.cli.folders import data_folder, readable_folder, writable_folder
from harness.cli.names import known_names, split_names
from harness.cli.options import given_executor_options
from harness.config.benchmarks import Benchmark
from harness.config.networks import network_names
from harness.config.suggestions import unknown
from harness.execution.executor import ExecutionConfig, Executor, FatalError, executors
from harness.execution.plugins import plugins_in_use
from harness.tracking.logger import loggers


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
        return executors()[args.executor].make(config, **given[args.executor])
    except FatalError as error:
        raise ArgumentError(f"--executor {args.executor}: {error}") from error
