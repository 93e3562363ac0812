"""The questions that the ablation was made for, answered by its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pandas as pd

from harness.analysis.ablation import Ablation
from harness.analysis.columns import Cell
from harness.config.ablation import FACTORS, RELATED
from harness.config.benchmarks import BENCHMARKS

NOT_MEASURED: Final = "Not measured yet."

_DEFAULT: Final = {name: factor.variants[0].title for name, factor in FACTORS.items()}


def answers(ablation: Ablation) -> Iterator[tuple[str, str]]:
    """Each question, and what the numbers say to it.

    Args:
        ablation: what was measured.
    """
    for question, answer in _ANSWERS.items():
        yield question, " ".join(answer(ablation)) or NOT_MEASURED


def _by_beta(ablation: Ablation) -> Iterator[str]:
    for benchmark, title in _benchmarks(ablation, "beta"):
        parts = []
        for beta in ("constant, 50", "constant, 80", "constant, 100", "constant, 200"):
            accuracy = _text(ablation, "beta", benchmark, beta, "acc")
            gap = _text(ablation, "beta", benchmark, beta, "rounding_gap")
            if accuracy:
                parts.append(
                    f"{accuracy} at a {beta.replace(',', ' beta of')} (rounding takes {gap})"
                )
        default = _text(ablation, "beta", benchmark, _DEFAULT["beta"], "acc")
        if parts and default:
            yield f"{title}: {'; '.join(parts)}; {default} with a beta that rises from 50 to 2000."


def _by_learning_beta(ablation: Ablation) -> Iterator[str]:
    learned = "learned, from 50"
    for benchmark, title in _benchmarks(ablation, "beta"):
        beta = _text(ablation, "beta", benchmark, learned, "beta")
        undecided = _text(ablation, "beta", benchmark, learned, "undecided")
        fixed = _text(ablation, "beta", benchmark, "constant, 50", "undecided")
        if beta and fixed:
            yield (
                f"{title}: it ends at {beta} and leaves {undecided} % of the relevances undecided "
                f"({fixed} with a constant beta of 50)."
            )


def _by_penalty(ablation: Ablation) -> Iterator[str]:
    usual = _DEFAULT["penalties"]
    return _with_use(ablation, "penalties", {"none": "without any", usual: f"with {usual}"})


def _by_relation(ablation: Ablation) -> Iterator[str]:
    shares = related_overlap(ablation)
    if shares.empty:
        return
    columns = (shares[name] for name in ("overlap", "chance", "what"))
    named = [
        f"{100 * overlap:.1f} % ({100 * chance:.1f}) with {what}"
        for overlap, chance, what in zip(*columns, strict=True)
    ]
    yield f"The first mask shares, and would by chance: {'; '.join(named)}."


def _by_use(ablation: Ablation) -> Iterator[str]:
    for benchmark, title in _benchmarks(ablation, "penalties"):
        used = _text(ablation, "penalties", benchmark, _DEFAULT["penalties"], "weights_used")
        free = _text(ablation, "penalties", benchmark, "none", "weights_used")
        if used and free:
            yield f"{title}: {used} % are used in the end, {free} without a penalty."


def _by_beginning(ablation: Ablation) -> Iterator[str]:
    random, suitable = (variant.title for variant in FACTORS["transfer"].variants)
    said = {suitable: f"from {suitable}", random: "from a random one"}
    return _with_use(ablation, "transfer", said)


def _with_use(ablation: Ablation, factor: str, said: Mapping[str, str]) -> Iterator[str]:
    """Accuracy and use of the weights of each of some variants, where all were measured.

    Args:
        ablation: what was measured.
        factor: name of it.
        said: what stands after the accuracy of each variant.
    """
    for benchmark, title in _benchmarks(ablation, factor):
        parts = []
        for variant, words in said.items():
            accuracy = _text(ablation, factor, benchmark, variant, "acc")
            used = _text(ablation, factor, benchmark, variant, "weights_used")
            if accuracy:
                parts.append(f"{accuracy} {words}, using {used} % of the weights")
        if len(parts) == len(said):
            yield f"{title}: {'; '.join(parts)}."


def related_overlap(ablation: Ablation) -> pd.DataFrame:
    """Overlap of the first mask of the benchmark of related tasks with each other one.

    Returns:
        The columns what (relation to the first task), overlap, chance; empty if not measured.
    """
    table = ablation.overlap
    mine = table[
        (table["benchmark"] == RELATED)
        & (table["factor"] == "transfer")
        & (table["variant"] == _DEFAULT["transfer"])
        & (table["task"] == 1)
    ]
    benchmark = BENCHMARKS[RELATED]
    relations = [
        _relation(order, angle)
        for order, angle in zip(benchmark.pixel_orders, benchmark.rotations, strict=True)
    ]
    what = [relations[int(other) - 1] for other in mine["other"]]
    return mine[["overlap", "chance"]].assign(what=what).reset_index(drop=True)


def _relation(order: int, angle: int) -> str:
    if order:
        return "another permutation"
    return f"the same, rotated by {angle} degrees" if angle else "the same task again"


def _benchmarks(ablation: Ablation, factor: str) -> Iterator[tuple[str, str]]:
    """Names and titles of those on which a factor was measured."""
    found = ablation.cells.loc[ablation.cells["factor"] == factor, "benchmark"]
    for name in dict.fromkeys(found):
        yield name, BENCHMARKS[name].title


def _text(ablation: Ablation, factor: str, benchmark: str, variant: str, metric: str) -> str:
    """A number as printed, in percent where it is a share; "" where it was not measured."""
    cells = ablation.cells
    keys = {"factor": factor, "benchmark": benchmark, "variant": variant, "metric": metric}
    mine = cells[(cells[list(keys)] == list(keys.values())).all(axis=1)]
    if mine.empty:
        return ""
    [row] = mine.to_dict("records")
    return Cell(row["mean"], row["half_width"]).text(percent=metric != "beta")


_ANSWERS: Final[dict[str, Callable[[Ablation], Iterator[str]]]] = {
    "Does a beta of 80 and more make no difference?": _by_beta,
    "Does a learned beta tighten?": _by_learning_beta,
    "Is the penalty optional?": _by_penalty,
    "Do masks overlap more for related tasks?": _by_relation,
    "Are weights never used up?": _by_use,
    "Does a mask do better that begins from a finished one?": _by_beginning,
}
