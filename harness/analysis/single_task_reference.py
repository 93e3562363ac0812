"""What a network of its own learns of each task: the reference of intransigence."""

from __future__ import annotations

import json
from typing import Final

import pandas as pd

from harness.analysis.metrics.intransigence import intransigence
from harness.config.run import Run
from harness.config.scenarios import TASK_IL
from harness.storage.store import Results
from harness.storage.texts import as_texts

REFERENCE: Final = "single"
"""Name of the method that has a network for each task."""

_BATCH_NORMS: Final = ("per-task", "shared")


def lost_to_a_network_per_task(results: Results, derived: pd.DataFrame) -> pd.DataFrame:
    """The intransigence of each run that the reference has a comparable run for.

    Comparable are runs of the same seed with the same training. The reference always has the
    identity: which of its networks to ask is not what it stands for. Of it a BatchNorm per task and
    one for all are the same, since each network has only ever one task: it is comparable to runs
    with either.

    Args:
        results: of one benchmark and profile.
        derived: of their rows, with the columns of `harness.analysis.derivation.derive`.

    Returns:
        The columns of `derived`.
    """
    budgets = {record.run.id: _budget(record.run) for record in results.records}
    learned = as_texts(derived[derived["metric"] == "learning_accuracy"]).dropna(subset="value")
    learned = learned.assign(budget=learned["run_id"].map(budgets))
    own = learned["baseline"] == REFERENCE
    reference = learned[own & (learned["scenario"] == TASK_IL)]
    reference = reference.drop_duplicates(["budget", "seed"])
    return intransigence(learned[~own], reference)[list(derived.columns)]


def _budget(run: Run) -> str:
    norm = "batch" if run.training.get("norm") in _BATCH_NORMS else run.training.get("norm")
    return json.dumps({**run.training, "norm": norm}, sort_keys=True)
