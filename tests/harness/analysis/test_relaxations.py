"""The paper's Supplement Table 1 beside what runs declare."""

from __future__ import annotations

from baselines.interface import Requirement
from harness.analysis.relaxations import CONDITIONS, relaxations


def test_the_papers_methods_come_first_each_with_all_columns() -> None:
    found = relaxations({"naive": [], "hat": [Requirement.HEAD_PER_TASK]})
    names = [one.method for one in found]
    assert names[0] == "vcl_coreset"
    assert names[-1] == "naive"
    assert len(names) == len(set(names)) == 14
    for one in found[:-1]:
        assert set(one.printed) == set(CONDITIONS)
        assert set(one.printed.values()) <= {"yes", "no", "yes*", "no*"}
    assert found[-1].printed == {}


def test_what_was_declared_stands_beside_it_and_nothing_where_nothing_ran() -> None:
    found = {one.method: one for one in relaxations({"hat": [Requirement.HEAD_PER_TASK]})}
    assert found["hat"].declared == frozenset([Requirement.HEAD_PER_TASK.value])
    assert found["hat"].printed["multihead"] == "yes"
    assert found["rmn"].declared is None
    assert set(found["rmn"].printed.values()) == {"no"}  # the paper says that RMN needs nothing
