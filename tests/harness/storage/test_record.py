"""Records: the same after JSON, and nothing else taken for one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.run import Run
from harness.storage.record import (
    MethodDeclaration,
    Record,
    from_json,
    parse,
    to_json,
    to_text,
)

Records = Callable[..., Record]

RECORD: dict[str, Any] = json.loads(
    to_text(
        Record(
            Run(
                benchmark="split_mnist",
                scenario="class-il",
                baseline="ewc",
                settings={"ewc_lambda": 10.0, "decay": None},
                profile="smoke",
                training={"epochs": 1},
                seed=0,
                versions={"benchmark": 1, "baseline": 1, "rows": 2},
                overrides={"ewc_lambda": 10.0, "training.epochs": 1},
            ),
            MethodDeclaration("EWC", "a paper", ("more than one model",), "task boundaries"),
            {"device": "cpu"},
        )
    )
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def paths(content: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each value in nested tables and lists is."""
    inside = content.items() if isinstance(content, dict) else enumerate(content)
    found = []
    for key, value in inside:
        found.append((*above, key))
        if isinstance(value, dict | list):
            found += paths(value, (*above, key))
    return found


def test_a_record_is_the_same_after_json(run: Run, make_record: Records) -> None:
    for record in (make_record(run), make_record(run, error="Traceback\nValueError: é")):
        again = from_json(json.loads(json.dumps(to_json(record))))
        assert again == record
        assert again.run.overrides == run.overrides
        assert to_json(again) == to_json(record)


def test_fields_of_the_method_that_came_later_may_be_missing() -> None:
    record = from_json(RECORD | {"method": {"title": "EWC"}})
    assert record.run == from_json(RECORD).run
    assert record.method == MethodDeclaration("EWC")


@given(data=st.data())
def test_whatever_stands_in_a_record_it_is_read_or_refused(data: st.DataObject) -> None:
    content = json.loads(json.dumps(RECORD))
    for _ in range(data.draw(st.integers(1, 2))):
        *above, key = data.draw(st.sampled_from(paths(content)))
        place = content
        for step in above:
            place = place[step]
        if data.draw(st.booleans()):
            place[key] = data.draw(JSON)
        else:
            del place[key]
    try:
        record = from_json(content)
    except (ValueError, KeyError, TypeError):
        return
    text = json.dumps(to_json(record))
    assert json.dumps(to_json(from_json(json.loads(text)))) == text
    assert isinstance(record.run.setting, str)


@given(JSON)
def test_what_is_no_record_is_refused(content: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_json(content)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"schema": 2}, "an older version of the program wrote it"),
        ({"schema": 4}, "a newer version of the program wrote it"),
        ({"id": "0123456789abcdef"}, f"its run is {RECORD['id']}"),
        ({"status": "done"}, "status is 'done'"),
        ({"error": None}, "error is of type NoneType"),
        ({"method": {"title": "EWC", "requirements": "heads"}}, "requirements is of type str"),
        ({"run": {**RECORD["run"], "seed": True}}, "seed is of type bool"),
        ({"run": {**RECORD["run"], "settings": [1]}}, "settings is of type list"),
        ({"run": {**RECORD["run"], "scenario": "../task-il"}}, "scenario is "),
    ],
)
def test_refusals_say_what_is_wrong(fields: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        from_json(RECORD | fields)


def test_a_setting_is_any_number_that_is_finite(run: Run, make_record: Records) -> None:
    """A learning rate of 1e30 makes a run diverge, and that is to be stored."""
    for value in (1e30, -1e300, 5e-324):
        record = make_record(replace(run, settings={"ewc_lambda": value}))
        assert from_json(parse(to_text(record).encode())) == record
    for value in (math.inf, math.nan):
        with pytest.raises(ValueError, match="is no number"):
            to_text(make_record(replace(run, settings={"ewc_lambda": value})))
