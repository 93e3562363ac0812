"""What came of the runs of a study."""

from __future__ import annotations

from harness.analysis.selection import under_default_rule
from harness.storage.store import Results


def outcomes(results: Results) -> dict[str, tuple[float, ...]]:
    """By run, its accuracy on each task after the last one, in its scenario under its own rule.

    Args:
        results: of a benchmark. Runs that diverged have no accuracies, those that failed no entry.
    """
    scenarios = {record.run.id: record.run.scenario for record in results.records}
    rows = results.rows[results.rows["metric"] == "accuracy"]
    rows = under_default_rule(rows, results.records)
    rows = rows[rows["run_id"].map(scenarios).astype("string") == rows["scenario"].astype("string")]
    last = rows.groupby("run_id", observed=True)["after"].transform("max")
    final = rows[rows["after"] == last].sort_values("task")
    found: dict[str, tuple[float, ...]] = {
        str(run_id): tuple(float(value) for value in values)
        for run_id, values in final.groupby("run_id", observed=True)["value"]
    }
    diverged = [record.run.id for record in results.records if record.status == "diverged"]
    return found | dict.fromkeys(diverged, ())
