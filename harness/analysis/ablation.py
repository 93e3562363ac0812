"""What the ablation of RMN has measured, from stored runs alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from harness.analysis.columns import Cell
from harness.analysis.derivation import derive
from harness.analysis.metrics.masks import pairs
from harness.analysis.statistics import summarise
from harness.config.ablation import AblationRun
from harness.config.budgets import ABLATION
from harness.storage import store

RULE: Final = "max-logit"
"""By which tasks are named where the identity is withheld: the network's own, the paper's."""

_KEYS: Final = ["factor", "benchmark", "variant", "metric"]
_PAIR: Final = ["benchmark", "factor", "variant", "task", "other"]


@dataclass(frozen=True, slots=True)
class Ablation:
    """What was measured.

    Attributes:
        cells: mean, half_width and seeds of each factor, benchmark, variant and metric.
        overlap: of each benchmark, factor, variant and pair of tasks the mean over seeds of the
            intersection over union of the two masks, with its interval, and of that by chance: the
            columns benchmark, factor, variant, task, other, overlap, half_width, seeds, chance.
        damaged: runs that could not be read, with the reason.
    """

    cells: pd.DataFrame
    overlap: pd.DataFrame
    damaged: Mapping[Path, str] = field(default_factory=dict)

    def of_factor(self, name: str) -> dict[tuple[str, str, str], Cell]:
        """The cells of a factor, by benchmark, metric and title of the variant.

        Args:
            name: of the factor.
        """
        mine = self.cells[self.cells["factor"] == name]
        records: list[dict[Any, Any]] = mine.to_dict("records")
        return {
            (row["benchmark"], row["metric"], row["variant"]): Cell(
                row["mean"], row["half_width"], seeds=row["seeds"]
            )
            for row in records
        }


def measured(results: Path, planned: Iterable[AblationRun]) -> Ablation:
    """What stored runs say of the planned ones; those that are not there are left out.

    Args:
        results: folder of all results.
        planned: what is asked for.
    """
    asked = pd.DataFrame(
        [(one.factor, one.run.benchmark, one.variant, one.run.id) for one in planned],
        columns=["factor", "benchmark", "variant", "run_id"],
    )
    cells: list[pd.DataFrame] = []
    overlaps: list[pd.DataFrame] = []
    damaged: dict[Path, str] = {}
    for benchmark, mine in asked.groupby("benchmark", sort=False):
        found = store.read(results, str(benchmark), ABLATION)
        damaged |= found.damaged
        rows = found.rows[found.rows["run_id"].isin(mine["run_id"])]
        if rows.empty:
            continue
        derived = derive(rows)
        derived = derived[derived["rule"].isin(["", RULE])].astype({"run_id": str})
        derived = derived[~((derived["metric"] == "acc") & _of_other_scenario(derived, found))]
        cells.append(summarise(mine.merge(derived, on="run_id"), _KEYS))
        shared = overlap_and_chance(rows).astype({"run_id": str})
        joined = mine.merge(shared, on="run_id")
        means = summarise(joined.rename(columns={"overlap": "value"}), _PAIR)
        chance = joined.groupby(_PAIR, sort=False)["chance"].mean().reset_index()
        overlaps.append(means.rename(columns={"mean": "overlap"}).merge(chance, on=_PAIR))
    empty = pd.DataFrame(columns=[*_KEYS, "mean", "half_width", "seeds"])
    nothing = pd.DataFrame(columns=[*_PAIR, "overlap", "half_width", "seeds", "chance"])
    return Ablation(
        pd.concat(cells, ignore_index=True) if cells else empty,
        pd.concat(overlaps, ignore_index=True) if overlaps else nothing,
        damaged,
    )


def overlap_and_chance(rows: pd.DataFrame) -> pd.DataFrame:
    """Intersection over union of each pair of masks, and that of random masks as dense as they.

    Random masks of a layer's n weights that keep a and b of them share a * b / n.

    Args:
        rows: raw measures, among them "weights", "mask_ones" and "mask_overlap".

    Returns:
        The columns run_id, task, other (task < other), overlap, chance.

    >>> run = {"run_id": "a", "baseline": "rmn", "setting": "", "seed": 0, "layer": "x"}
    >>> rows = pd.DataFrame(
    ...     {**run, "metric": ["weights", "mask_ones", "mask_ones", "mask_overlap"],
    ...      "task": [None, 1, 2, 1], "other": [None, None, None, 2],
    ...      "value": [10.0, 5.0, 4.0, 3.0]}
    ... )
    >>> overlap_and_chance(rows)[["overlap", "chance"]].round(3).values.tolist()
    [[0.5, 0.286]]
    """
    keys = ["run_id", "layer"]

    def of(metric: str, *columns: str) -> pd.DataFrame:
        table = rows.loc[rows["metric"] == metric, [*keys, *columns, "value"]]
        return table.astype({"run_id": str, "layer": str}).rename(columns={"value": metric})

    ones = of("mask_ones", "task")
    both = of("mask_overlap", "task", "other").merge(ones, on=[*keys, "task"])
    others = ones.rename(columns={"task": "other", "mask_ones": "other_ones"})
    both = both.merge(others, on=[*keys, "other"]).merge(of("weights"), on=keys)
    both["expected"] = both["mask_ones"] * both["other_ones"] / both["weights"]
    sums = both.groupby(["run_id", "task", "other"])[["mask_ones", "other_ones", "expected"]].sum()
    union = sums["mask_ones"] + sums["other_ones"] - sums["expected"]
    chance = (sums["expected"] / union.clip(lower=1)).rename("chance").reset_index()
    shared = pairs(rows).astype({"run_id": str}).rename(columns={"value": "overlap"})
    return shared[["run_id", "task", "other", "overlap"]].merge(
        chance, on=["run_id", "task", "other"]
    )


def _of_other_scenario(derived: pd.DataFrame, found: store.Results) -> pd.Series[bool]:
    """Accuracies in a scenario that is not the run's own."""
    own = {record.run.id: record.run.scenario for record in found.records}
    return derived["scenario"].astype(str) != derived["run_id"].map(own)
