"""Records: the same after JSON, version 1 migrated, and nothing else taken for one."""

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
from harness.storage.record import RECORD_VERSION, Record, from_json, parse, to_json, to_text

Records = Callable[..., Record]

VERSION_1: dict[str, Any] = {
    "schema": 1,
    "id": "9ae8ea433b9df9ed",
    "run": {
        "benchmark": "split_mnist",
        "baseline": "ewc",
        "settings": {"ewc_lambda": 10.0, "decay": None},
        "profile": "smoke",
        "training": {"epochs": 1},
        "seed": 0,
        "versions": {"benchmark": 1, "baseline": 1, "rows": 1},
        "setting": "ewc_lambda=10.0, training.epochs=1",
    },
    "method": {
        "title": "EWC",
        "reference": "a paper",
        "relaxations": ["more than one model"],
        "rule": "max-logit",
        "told": "where tasks end",
    },
    "provenance": {"device": "cpu"},
    "status": "finished",
    "error": "",
}

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


def test_version_1_gets_the_fields_of_the_present_one() -> None:
    record = from_json(VERSION_1)
    assert record.run.id == VERSION_1["id"]
    assert record.run.overrides == {"ewc_lambda": 10.0, "training.epochs": 1}
    assert record.run.setting == VERSION_1["run"]["setting"]
    assert record.method.requirements == ("more than one model",)
    assert record.method.supervision == "task boundaries"
    assert record.method.rule == "max-logit"
    assert to_json(record)["schema"] == RECORD_VERSION
    assert from_json(to_json(record) | {"method": {"title": "EWC"}}).run == record.run


def test_migration_leaves_its_argument_alone() -> None:
    before = json.dumps(VERSION_1)
    from_json(VERSION_1)
    assert json.dumps(VERSION_1) == before


@given(data=st.data())
def test_whatever_stands_in_a_record_it_is_read_or_refused(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from([VERSION_1, to_json(from_json(VERSION_1))]))
    content = json.loads(json.dumps(version))
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
        ({"schema": 3}, "newer version"),
        ({"id": "0123456789abcdef"}, "its run is 9ae8ea433b9df9ed"),
        ({"status": "done"}, "status is 'done'"),
        ({"error": None}, "error is of type NoneType"),
        ({"method": {"title": "EWC", "relaxations": "heads"}}, "requirements is of type str"),
        ({"run": {**VERSION_1["run"], "seed": True}}, "seed is of type bool"),
        ({"run": {**VERSION_1["run"], "settings": [1]}}, "settings is of type list"),
    ],
)
def test_refusals_say_what_is_wrong(fields: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        from_json(VERSION_1 | fields)


def test_a_setting_is_any_number_that_is_finite(run: Run, make_record: Records) -> None:
    """A learning rate of 1e30 makes a run diverge, and that is to be stored."""
    for value in (1e30, -1e300, 5e-324):
        record = make_record(replace(run, settings={"ewc_lambda": value}))
        assert from_json(parse(to_text(record).encode())) == record
    for value in (math.inf, math.nan):
        with pytest.raises(ValueError, match="is no number"):
            to_text(make_record(replace(run, settings={"ewc_lambda": value})))
