"""What a method cannot learn of a task that a network of its own learns: a metric of two runs."""

from __future__ import annotations

import pandas as pd

from harness.analysis.metrics.definition import SCENARIOS, Direction, Section, Unit, metric

_MATCH = ["budget", "seed"]


@metric(
    "intransigence",
    title="Intransigence",
    unit=Unit.PERCENT,
    direction=Direction.LOWER,
    formula="mean_j (S[j,j] - R[j,j]), S of Single: a network for each task, the identity given, "
    "same seed and budget",
    source="Chaudhry et al. 2018, Section 3, whose reference is one network trained on all tasks "
    "up to j",
    measurements=(),
    section=Section.TRANSFER,
    scenarios=SCENARIOS,
)
def intransigence(learned: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """Accuracy that the reference has more than a method on each task when it was learned.

    Below zero where the method learned more. Earlier tasks need not be why: a mask can help, too,
    on a first task already. Without the identity what a method cannot tell apart is in it.

    Args:
        learned: accuracies when learned (`learning_accuracy`) of the methods, with the columns of
            `harness.analysis.derivation.derive` and "budget", what the training had.
        reference: those of the reference with the identity given, one row a budget and seed.

    Returns:
        The columns of `learned`, metric "intransigence"; runs without a reference are left out.

    >>> run = {"budget": "", "seed": 0, "metric": "learning_accuracy"}
    >>> learned = pd.DataFrame([{**run, "run_id": "a", "value": 0.9}])
    >>> reference = pd.DataFrame([{**run, "run_id": "b", "value": 0.95}])
    >>> intransigence(learned, reference)["value"].round(3).tolist()  # 0.95 - 0.9
    [0.05]
    """
    both = learned.merge(reference[[*_MATCH, "value"]], on=_MATCH, suffixes=("", "_reference"))
    lost = both["value_reference"] - both["value"]
    return both[learned.columns].assign(metric="intransigence", value=lost)
