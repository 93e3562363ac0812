"""Numbers quoted from publications. They are never shown as measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE

PAPER: Final = "Kaushik et al. 2021"


@dataclass(frozen=True, slots=True)
class Quoted:
    """One accuracy as printed in a publication.

    Attributes:
        benchmark: as in `harness.config.benchmarks`.
        baseline: name of the method.
        value: as printed, in percent.
        source: publication and table.
        comparable: what it can be held against, in words.
        regimes: beside whose measurements it stands. Where the publication does not say,
            task-aware for tasks with labels, task-agnostic for those without.
    """

    benchmark: str
    baseline: str
    value: str
    source: str
    comparable: str
    regimes: tuple[str, ...] = (TASK_AWARE,)


_BOTH = (TASK_AWARE, TASK_AGNOSTIC)
_AGNOSTIC = (TASK_AGNOSTIC,)
_TABLE = f"{PAPER}, Table 1"
_ONE_HEAD = "other network, head and protocol"
_HEADS = "task-aware, one head per task"
_SHARED = "task-aware; the paper says both; shared outputs, relative to the task"

_NO_LABELS = f"{PAPER}, Table 2"
_FUZZY = f"{PAPER}, Table 3"
_UNTOLD = "task-agnostic, as printed; equal to Table 1"

_PRINTED: Final = (
    Quoted("split_mnist", "rmn", "99.5 ± 0.2", _TABLE, "task-aware; the paper says both", _BOTH),
    Quoted("split_mnist", "hat", "99", _TABLE, "task-aware, one head per task"),
    Quoted("split_mnist", "ewc", "63.1", _TABLE, _ONE_HEAD),
    Quoted("split_mnist", "si", "57.6", _TABLE, _ONE_HEAD),
    Quoted(
        "permuted_mnist", "rmn", "97.73 ± 0.07", _TABLE, "task-aware; the paper says both", _BOTH
    ),
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
    Quoted("split_cifar100", "rmn", "70.02 ± 2.5", _TABLE, _SHARED, _BOTH),
    Quoted("split_cifar100", "hat", "59.2 ± 0.7", _TABLE, _HEADS),
    Quoted("split_cifar100", "ewc", "60.2 ± 1.1", _TABLE, _HEADS),
    Quoted("split_cifar100", "si", "60.3 ± 1.3", _TABLE, _HEADS),
    Quoted("split_cifar100", "mas", "61.5 ± 0.9", _TABLE, _HEADS),
    Quoted("split_cifar100", "ags-cl", "64.1 ± 1.7", _TABLE, _HEADS),
    Quoted("split_cifar100", "rwalk", "58.1 ± 1.7", _TABLE, "one head per task, replays"),
    Quoted("split_cifar100_20", "rmn", "80.01 ± 0.9", _TABLE, _SHARED, _BOTH),
    Quoted("split_cifar100_20", "hat", "23.6 ± 8.8", _TABLE, _HEADS),
    Quoted("split_cifar100_20", "ewc", "42.67 ± 4.24", _TABLE, _HEADS),
    Quoted("split_cifar100_20", "si", "45.49 ± 0.2", _TABLE, _HEADS),
    Quoted("split_cifar100_20", "mas", "42 ± 1.9", _TABLE, _HEADS),
    Quoted("split_cifar100_20", "ags-cl", "27.6 ± 3.6", _TABLE, _HEADS),
    Quoted("split_cifar100_20", "rwalk", "70.1", _TABLE, "one head per task, replays 5000 samples"),
    Quoted(
        "split_cifar100_20",
        "mega-ii",
        "66.12 ± 1.94",
        _TABLE,
        "replays 1300 points a task, 17 tasks",
    ),
    Quoted("split_omniglot", "rmn", "85.33 ± 1.7", _TABLE, _SHARED, _BOTH),
    Quoted("split_omniglot", "hat", "5.5 ± 11.1", _TABLE, _HEADS),
    Quoted("split_omniglot", "ewc", "67.43 ± 4.7", _TABLE, _HEADS),
    Quoted("split_omniglot", "si", "54.9 ± 16.2", _TABLE, _HEADS),
    Quoted("split_omniglot", "mas", "81.4 ± 1.8", _TABLE, _HEADS),
    Quoted("split_omniglot", "ags-cl", "82.8 ± 1.8", _TABLE, _HEADS),
    Quoted(
        "split_omniglot",
        "vcl",
        "53.86 ± 2.3",
        _TABLE,
        "one head per task, replays 3 points a character",
    ),
    Quoted("split_omniglot", "frcl", "81.47 ± 1.6", _TABLE, "replays 3 points a character"),
    Quoted("split_omniglot", "rwalk", "71.0 ± 5.6", _TABLE, "one head per task, replays"),
    Quoted("split_omniglot", "snow", "82.8 ± 1.8", _TABLE, "a second network, pretrained"),
    Quoted(
        "split_omniglot_unsupervised",
        "rmn_unsupervised",
        "85.33 ± 1.7",
        _NO_LABELS,
        _UNTOLD,
        _AGNOSTIC,
    ),
    Quoted("split_omniglot_unsupervised", "frcl", "81.47 ± 1.6", _NO_LABELS, "replays", _AGNOSTIC),
    Quoted(
        "split_mnist_unsupervised", "rmn_unsupervised", "99.5 ± 0.2", _NO_LABELS, _UNTOLD, _AGNOSTIC
    ),
    Quoted("split_mnist_unsupervised", "frcl", "97.8 ± 0.7", _NO_LABELS, "replays", _AGNOSTIC),
    Quoted("split_mnist_unsupervised", "fromp", "99.0 ± 0.1", _NO_LABELS, "replays", _AGNOSTIC),
    Quoted(
        "split_mnist_unsupervised",
        "cn-dpm",
        "97.53 ± 0.3",
        _NO_LABELS,
        "a network per task, generative replay",
        _AGNOSTIC,
    ),
    Quoted(
        "permuted_mnist_unsupervised",
        "rmn_unsupervised",
        "97.73 ± 0.1",
        _NO_LABELS,
        _UNTOLD,
        _AGNOSTIC,
    ),
    Quoted("permuted_mnist_unsupervised", "frcl", "94.3 ± 0.2", _NO_LABELS, "replays", _AGNOSTIC),
    Quoted("permuted_mnist_unsupervised", "fromp", "94.9 ± 0.1", _NO_LABELS, "replays", _AGNOSTIC),
    Quoted(
        "split_mnist_fuzzy",
        "rmn_unsupervised",
        "99.1 ± 0.5",
        _FUZZY,
        "task-agnostic, as printed",
        _AGNOSTIC,
    ),
    Quoted(
        "split_mnist_fuzzy",
        "cn-dpm",
        "93.22 ± 0.07",
        _FUZZY,
        "a network per task, generative replay",
        _AGNOSTIC,
    ),
)

QUOTED: Final = (
    *_PRINTED,
    *(
        replace(quoted, benchmark=f"{quoted.benchmark}_heads")
        for quoted in _PRINTED
        if quoted.comparable == _HEADS
    ),
)
"""The paper's baselines with one head per task stand beside both forms of a benchmark."""


def paper(benchmark: str, baseline: str) -> Quoted | None:
    """What the paper prints for a method, if anything."""
    for quoted in QUOTED:
        if (quoted.benchmark, quoted.baseline) == (benchmark, baseline):
            return quoted
    return None
