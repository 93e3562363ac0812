"""Whether methods and scenarios suit a benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from baselines.interface import Baseline, Supervision
from harness.cli.arguments import ArgumentError
from harness.cli.names import known_names, split_names
from harness.config.benchmark_registry import benchmarks
from harness.config.benchmarks import Benchmark
from harness.config.plan import is_compatible
from harness.config.scenarios import SCENARIOS, allowed_scenarios, scenarios_of


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
