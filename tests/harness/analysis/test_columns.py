"""Columns of a table, and numbers as printed in them."""

from __future__ import annotations

import numpy as np
import pytest

from harness.analysis.columns import (
    BYTES,
    IDENTITY_GIVEN,
    LEADERBOARD,
    SECONDS,
    Cell,
    Column,
    columns_of,
)
from harness.analysis.metrics.definition import Section
from harness.config.scenarios import CLASS_IL, DOMAIN_IL, TASK_IL

ACC = Column("acc", CLASS_IL)
GIVEN = Column("acc", TASK_IL, IDENTITY_GIVEN)


@pytest.mark.parametrize("scenario", [TASK_IL, DOMAIN_IL, CLASS_IL])
def test_columns_follow_from_the_metrics_and_are_of_one_scenario(scenario: str) -> None:
    columns = columns_of(scenario, *LEADERBOARD)
    assert {column.scenario for column in columns if not column.note} == {scenario, ""}
    assert len({column.title for column in columns}) == len(columns)
    titles = [column.title for column in columns]
    assert titles[0] == "ACC"
    assert titles.index("Forgetting") < titles.index("Mask density") < titles.index("Seconds")
    assert ("Task inference" in titles) is (scenario != TASK_IL)
    assert {Column("acc", scenario), Column("forgetting", scenario), BYTES, SECONDS} <= set(columns)


def test_without_the_identity_accuracy_with_it_is_a_column_too() -> None:
    assert columns_of(CLASS_IL, Section.ACCURACY) == (ACC, GIVEN)
    assert GIVEN.title == "ACC, identity given"
    assert columns_of(TASK_IL, Section.DEGRADATION) == (Column("degradation", TASK_IL),)
    assert columns_of(DOMAIN_IL, Section.DEGRADATION) == (
        Column("degradation", DOMAIN_IL),
        Column("degradation", TASK_IL, IDENTITY_GIVEN),
    )


@pytest.mark.parametrize(
    ("mean", "half_width", "percent", "text"),
    [
        (0.98765, np.nan, True, "98.77"),
        (-0.00001, 0.0002, True, "0.00 ± 0.02"),
        (0.5, 0.49, True, "50.00 ± 49.00"),
        (0.5, 6.3531, True, "50.00 (n=2)"),
        (50.0, 635.31, False, "50 ± 635"),
        (np.nan, np.nan, True, "–"),
        (4.0, 0.0, False, "4"),
        (12.34, 1.26, False, "12.3 ± 1.3"),
        (800_004.0, np.nan, False, "800,004"),
    ],
)
def test_numbers_as_printed(mean: float, half_width: float, percent: bool, text: str) -> None:
    assert Cell(mean, half_width, seeds=2).text(percent) == text


def test_shares_are_printed_in_percent_and_counts_as_they_are() -> None:
    assert ACC.text(Cell(0.5, np.nan)) == "50.00"
    assert SECONDS.text(Cell(0.5, np.nan)) == "0.5"
