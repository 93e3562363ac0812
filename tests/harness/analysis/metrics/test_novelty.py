"""Old tasks told from new ones: averages over tasks and moments, by rule."""

from __future__ import annotations

import pandas as pd
import pytest

from harness.analysis.metrics.novelty import old_new_auroc, old_new_fpr


@pytest.mark.parametrize("metric", [old_new_auroc, old_new_fpr])
def test_pairs_of_moment_and_task_count_alike(metric: type) -> None:
    rows = pd.DataFrame(
        {
            "run_id": "a",
            "scenario": "class-il",
            "rule": ["energy"] * 3 + ["entropy"],
            "after": [1, 2, 2, 1],
            "task": [1, 1, 2, 1],
            "value": [0.9, 0.8, 0.4, 0.25],
        }
    )
    found = metric(rows)
    assert found["a", "class-il", "energy"] == pytest.approx(0.7)
    assert found["a", "class-il", "entropy"] == 0.25
