"""Numbers quoted from publications (`published.csv`). They are never shown as measured."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from baselines.registry import methods
from harness.analysis.quoted_lines import read_lines
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import SCENARIOS
from harness.config.suggestions import unknown

PAPER: Final = "Kaushik et al. 2021"

_PATH: Final = Path(__file__).with_name("published.csv")
_VALUE: Final = re.compile(r"\d+(\.\d+)?( ± \d+(\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class Quoted:
    """One accuracy as printed in a publication, one line of the file.

    Attributes:
        benchmark: as in `harness.config.benchmarks`.
        method: its name.
        scenarios: beside whose measurements it stands, separated by a blank in the file. Where the
            publication does not say, task-il for tasks with labels, and for those without the one
            that gives no identity.
        value: as printed, in percent, such as "99.5 ± 0.2".
        source: publication and table.
        comparable: what it can be held against, in words.
    """

    benchmark: str
    method: str
    scenarios: tuple[str, ...]
    value: str
    source: str
    comparable: str


def read(path: Path) -> tuple[Quoted, ...]:
    """The quoted numbers of a file with the columns of `Quoted`, in its order.

    Raises:
        ValueError: something in it is unknown, missing, no number or there twice; the message names
            the line.
    """
    return read_lines(path, Quoted, _checked, lambda one: (one.benchmark, one.method))


def _checked(line: list[str]) -> Quoted:
    if len(line) != len(fields(Quoted)) or not all(line):
        raise ValueError(f"{len(fields(Quoted))} columns must be filled in")
    benchmark, method, scenarios, value, source, comparable = line
    if benchmark not in BENCHMARKS:
        raise ValueError(unknown("benchmark", benchmark, BENCHMARKS))
    for scenario in scenarios.split(" "):
        if scenario not in SCENARIOS:
            raise ValueError(unknown("scenario", scenario, SCENARIOS))
    if not _VALUE.fullmatch(value) or float(value.split()[0]) > 100:
        raise ValueError(f"{value!r} is no percentage such as 99.5 ± 0.2")
    return Quoted(benchmark, method, tuple(scenarios.split(" ")), value, source, comparable)


QUOTED: Final = read(_PATH)


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table of the paper that holds accuracies.

    Attributes:
        title: as printed.
        benchmarks: its columns.
    """

    title: str
    benchmarks: tuple[str, ...]


TABLES: Final = (
    PaperTable(
        "Table 1. Sequential tasks with labels",
        (
            "permuted_mnist",
            "split_mnist",
            "split_omniglot",
            "split_cifar100_20",
            "split_cifar100",
        ),
    ),
    PaperTable(
        "Table 2. Without task labels",
        (
            "permuted_mnist_unsupervised",
            "split_mnist_unsupervised",
            "split_omniglot_unsupervised",
        ),
    ),
    PaperTable("Table 3. Without labels or boundaries", ("split_mnist_fuzzy",)),
)


_SHORT: Final = {
    "permuted_mnist": "P-MNIST",
    "split_mnist": "S-MNIST",
    "split_omniglot": "S-Omniglot",
    "split_cifar100_20": "RES-CIFAR",
    "split_cifar100": "S-CIFAR100",
    "permuted_mnist_unsupervised": "P-MNIST without labels",
    "split_mnist_unsupervised": "S-MNIST without labels",
    "split_omniglot_unsupervised": "S-Omniglot without labels",
    "split_mnist_fuzzy": "fuzzy S-MNIST",
}


def short(benchmark: str) -> str:
    """What the paper calls a benchmark of its tables."""
    return _SHORT[benchmark]


def titled(method: str) -> str:
    """A method as printed: the title of one that is implemented, else its name in capitals."""
    known = methods().get(method)
    return known.title if known else method.upper()


def paper(benchmark: str, method: str) -> Quoted | None:
    """What the paper prints for a method, if anything.

    Args:
        benchmark: its name.
        method: its name.
    """
    for quoted in QUOTED:
        if (quoted.benchmark, quoted.method) == (benchmark, method):
            return quoted
    return None
