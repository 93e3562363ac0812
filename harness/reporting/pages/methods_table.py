"""The table of docs/methods.md: what every method does and needs, and how it is reproduced."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd

from baselines.interface import Baseline
from baselines.registry import methods
from harness.analysis.anchors import ANCHORS, TOLERANCE, Anchor, beside_published
from harness.analysis.frames import load_metrics
from harness.config.budgets import DEFAULT
from harness.reporting.markdown_table import markdown_table

_HEAD: Final = (
    "Method",
    "What it does",
    "Equations",
    "Needs",
    "Published",
    "Reproduced",
    "Command",
    "Minutes",
)

_PLACE: Final = re.compile(r"(?:Equations?|Algorithm|Section) \d[\d.]*\d*(?: to \d+)?")


def methods_table(results: Path) -> str:
    """Every registered method as Markdown; one with published settings has a row for each.

    What a method does is the first sentence of its docstring, and the equations are the first that
    it names.

    Args:
        results: folder of all results.
    """
    return markdown_table(_HEAD, _rows(results), words=range(len(_HEAD)))


def _rows(results: Path) -> Iterator[Sequence[str]]:
    names = sorted({anchor.benchmark for anchor in ANCHORS})
    load = partial(load_metrics, results, benchmark=names, setting="", profile=DEFAULT)
    accuracies, seconds = load(metric="acc"), load(metric="seconds")
    for name, method in methods().items():
        own = [anchor for anchor in ANCHORS if anchor.method == name]
        described = _described(method)
        if not own:
            yield [*described, *["–"] * 4]
        for anchor in own:
            yield [*described, *_published(anchor, accuracies), *_cost(anchor, seconds)]
            described = ["", "", "", ""]


def _described(method: type[Baseline]) -> list[str]:
    """Title, with a link to the file, sentence, equations and needs."""
    text = inspect.cleandoc(method.__doc__ or "")
    sentence = " ".join(text.partition("\n\n")[0].split())
    place = _PLACE.search(" ".join(text.split()))
    needs = [method.supervision.value] if method.supervision.value != "none" else []
    needs += sorted(requirement.value for requirement in method.requirements)
    title = f"[{method.title}](../baselines/{method.name}.py), {method.reference}"
    return [title, sentence, place[0] if place else "–", "; ".join(needs) or "nothing"]


def _published(anchor: Anchor, measured: pd.DataFrame) -> list[str]:
    """What is printed, and ours beside it.

    Args:
        anchor: what is printed.
        measured: accuracies of all runs in published settings.
    """
    [comparison] = beside_published([anchor], measured)
    printed = f"{anchor.value:g} {anchor.scenario}"
    if not comparison.seeds:
        return [printed, "–"]
    far = " (!)" if abs(comparison.difference) > TOLERANCE else ""
    seeds = f"{comparison.seeds} seed{'s' if comparison.seeds > 1 else ''}"
    return [printed, f"{comparison.ours:.2f} ({seeds}){far}"]


def _cost(anchor: Anchor, seconds: pd.DataFrame) -> list[str]:
    """The command, and the minutes of a run that is stored.

    Args:
        anchor: which run.
        seconds: of all runs in published settings.
    """
    keys = {"benchmark": anchor.benchmark, "scenario": anchor.scenario, "method": anchor.method}
    taken = seconds
    for key, value in keys.items():
        taken = taken[taken[key] == value]
    command = f"`--benchmark {anchor.benchmark} --methods {anchor.method}`"
    return [command, f"{taken['value'].mean() / 60:.1f}" if len(taken) else "–"]
