"""The code that makes a run: versions of what is this project's own, and plugins."""

from __future__ import annotations

from dataclasses import dataclass

from baselines.interface import Baseline
from baselines.plugins import origin
from baselines.registry import methods
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.networks import registered_networks
from harness.config.run import ROWS_VERSION


@dataclass(frozen=True, slots=True)
class Code:
    """What of the code is part of a run's identity.

    Attributes:
        versions: of the benchmark, the method and the rows.
        plugins: see `harness.config.run.Run`.
    """

    versions: dict[str, int]
    plugins: dict[str, str]


def code_of(benchmark: Benchmark, method: type[Baseline]) -> Code:
    """That of a method on a benchmark."""
    network = registered_networks().get(benchmark.network)
    modules = {
        "baseline": method.__module__,
        "benchmark": getattr(benchmark.data, "__module__", __name__),
        "network": network.make.__module__ if network else __name__,
    }
    origins = {part: origin(module) for part, module in modules.items()}
    versions = {"benchmark": benchmark.version, "baseline": method.version, "rows": ROWS_VERSION}
    return Code(versions, {part: known for part, known in origins.items() if known})


def present_code(benchmark: str, baseline: str) -> Code | None:
    """That of a benchmark and a method by their names; None if this process does not know both."""
    if benchmark not in benchmarks() or baseline not in methods():
        return None
    return code_of(benchmarks()[benchmark], methods()[baseline])
