"""What a method loses without task labels: a metric of two runs."""

from __future__ import annotations

import pandas as pd

from harness.analysis.metrics.definition import SCENARIOS, Direction, Section, Unit, metric


@metric(
    "degradation",
    title="Degradation",
    unit=Unit.PERCENT,
    direction=Direction.LOWER,
    formula="ACC with task labels - ACC without, same method and scenario, by seed",
    source="paper, Section 5.2.1",
    measurements=(),
    section=Section.DEGRADATION,
    scenarios=SCENARIOS,
)
def degradation(derived: pd.DataFrame, supervised: pd.DataFrame) -> pd.DataFrame:
    """Accuracy lost without task labels, of each run that has a counterpart with them.

    Args:
        derived: of a stream without labels (`harness.analysis.derivation.derive`).
        supervised: of the same tasks with labels; baselines carry the names of `derived`.

    Returns:
        The columns of `derived`, metric "degradation".
    """
    keys = ["baseline", "seed", "scenario", "rule"]
    there = supervised[(supervised["metric"] == "acc") & (supervised["setting"] == "")]
    here = derived[derived["metric"] == "acc"]
    both = here.merge(there[[*keys, "value"]], on=keys, suffixes=("", "_there"))
    lost = both["value_there"] - both["value"]
    return both[derived.columns].assign(metric="degradation", value=lost)
