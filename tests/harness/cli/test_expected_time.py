"""How long runs will take, in words."""

from __future__ import annotations

import pytest

from harness.analysis.cost import Cost
from harness.cli.expected_time import expected_time, in_words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (0.2, "0 seconds"),
        (89, "89 seconds"),
        (95, "2 minutes"),
        (60 * 89, "89 minutes"),
        (5400, "1.5 hours"),
        (3600 * 1234.5, "1,234.5 hours"),
    ],
)
def test_a_time_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert in_words(seconds) == text


def test_several_workers_need_their_share_but_no_less_than_the_longest_run() -> None:
    cost = Cost(runs=10, untimed=0, seconds=7200.0, longest=900.0)
    assert expected_time(cost, 2) == (
        "One worker needs about 2.0 hours, 2 need about 60 minutes, by stored runs of the same "
        "methods."
    )
    assert "100 need about 15 minutes" in expected_time(cost, 100)
    for one in (1, None):
        assert " need about" not in expected_time(cost, one)


def test_what_is_not_known_is_said() -> None:
    assert expected_time(Cost(3, 3, 0.0, 0.0), 2) == ""
    assert expected_time(Cost(0, 0, 0.0, 0.0), 2) == ""
    assert "; 1 run of methods that have none" in expected_time(Cost(3, 1, 9.0, 5.0), 1)
