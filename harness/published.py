"""Numbers quoted from publications. They are never shown as measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PAPER: Final = "Kaushik et al. 2021"


@dataclass(frozen=True, slots=True)
class Quoted:
    """One accuracy as printed in a publication.

    Attributes:
        benchmark: as in `harness.benchmarks`.
        baseline: name of the method.
        value: as printed, in percent.
        source: publication and table.
        comparable: what it can be held against, in words.
    """

    benchmark: str
    baseline: str
    value: str
    source: str
    comparable: str


_TABLE = f"{PAPER}, Table 1"
_ONE_HEAD = "other network, head and protocol"

_NO_LABELS = f"{PAPER}, Table 2"
_FUZZY = f"{PAPER}, Table 3"
_UNTOLD = "task-agnostic, as printed; equal to Table 1"

QUOTED: Final = (
    Quoted("split_mnist", "rmn", "99.5 ± 0.2", _TABLE, "task-aware; the paper says both"),
    Quoted("split_mnist", "hat", "99", _TABLE, "task-aware, one head per task"),
    Quoted("split_mnist", "ewc", "63.1", _TABLE, _ONE_HEAD),
    Quoted("split_mnist", "si", "57.6", _TABLE, _ONE_HEAD),
    Quoted("permuted_mnist", "rmn", "97.73 ± 0.07", _TABLE, "task-aware; the paper says both"),
    Quoted("permuted_mnist", "hat", "91.6", _TABLE, "task-aware, one head per task"),
    Quoted("permuted_mnist", "ewc", "84", _TABLE, _ONE_HEAD),
    Quoted("split_mnist", "vcl", "97", _TABLE, "replays 40 points a task"),
    Quoted("split_mnist", "rwalk", "82.5", _TABLE, "replays 5000 samples"),
    Quoted("split_mnist", "frcl", "97.8 ± 0.7", _TABLE, "replays 40 points a task"),
    Quoted("split_mnist", "fromp", "99.0 ± 0.1", _TABLE, "replays 40 points a task"),
    Quoted("split_mnist", "dlp", "61.2", _TABLE, _ONE_HEAD),
    Quoted("permuted_mnist", "vcl", "90", _TABLE, "replays 200 points a task"),
    Quoted("permuted_mnist", "frcl", "94.3 ± 0.2", _TABLE, "replays 200 points a task"),
    Quoted("permuted_mnist", "mega-ii", "91.21", _TABLE, "replays 256 points a task, 17 tasks"),
    Quoted("permuted_mnist", "fromp", "94.9 ± 0.1", _TABLE, "replays; the paper says 40 points"),
    Quoted("permuted_mnist", "dlp", "82", _TABLE, _ONE_HEAD),
    Quoted("split_mnist_unsupervised", "rmn_unsupervised", "99.5 ± 0.2", _NO_LABELS, _UNTOLD),
    Quoted("split_mnist_unsupervised", "frcl", "97.8 ± 0.7", _NO_LABELS, "replays"),
    Quoted("split_mnist_unsupervised", "fromp", "99.0 ± 0.1", _NO_LABELS, "replays"),
    Quoted(
        "split_mnist_unsupervised",
        "cn-dpm",
        "97.53 ± 0.3",
        _NO_LABELS,
        "a network per task, generative replay",
    ),
    Quoted("permuted_mnist_unsupervised", "rmn_unsupervised", "97.73 ± 0.1", _NO_LABELS, _UNTOLD),
    Quoted("permuted_mnist_unsupervised", "frcl", "94.3 ± 0.2", _NO_LABELS, "replays"),
    Quoted("permuted_mnist_unsupervised", "fromp", "94.9 ± 0.1", _NO_LABELS, "replays"),
    Quoted(
        "split_mnist_fuzzy", "rmn_unsupervised", "99.1 ± 0.5", _FUZZY, "task-agnostic, as printed"
    ),
    Quoted(
        "split_mnist_fuzzy",
        "cn-dpm",
        "93.22 ± 0.07",
        _FUZZY,
        "a network per task, generative replay",
    ),
)


def paper(benchmark: str, baseline: str) -> Quoted | None:
    """What the paper prints for a method, if anything."""
    for quoted in QUOTED:
        if (quoted.benchmark, quoted.baseline) == (benchmark, baseline):
            return quoted
    return None
