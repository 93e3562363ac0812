"""What a method may declare and what a strategy may offer."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Any, ClassVar

import pytest

from baselines.interface import (
    Baseline,
    Choices,
    DetectsTasks,
    HasFingerprints,
    HasMasks,
    HasRelevances,
    InfersTask,
    InfersTaskInOneShot,
    KeepsExamples,
    Range,
    Role,
    Supervision,
    setting,
)

PROTOCOLS: dict[type, set[str]] = {
    InfersTask: {"logits_per_task"},
    HasFingerprints: {"logits_per_task", "logits_of_task", "fingerprint"},
    DetectsTasks: {"switches"},
    InfersTaskInOneShot: {"infer_task_in_one_shot"},
    KeepsExamples: {"stored_examples"},
    HasMasks: {"masks"},
    HasRelevances: {"masks", "newest_logits", "mask_statistics"},
}


@dataclass(frozen=True)
class Smallest(Baseline):
    """As little as a method must say."""

    name: ClassVar[str] = "smallest"
    title: ClassVar[str] = "Smallest"
    reference: ClassVar[str] = "none"

    strength: float = setting(2.0, "how strong", minimum=0, maximum=9, search=Range(1.0, 4.0))

    def build(self, context: Any) -> Any:
        return context


def test_a_method_that_says_little_is_strict_and_told_boundaries() -> None:
    made = Smallest()
    assert made.supervision is Supervision.TASK_BOUNDARIES
    assert made.role is Role.BASELINE
    assert made.requirements == frozenset()
    texts = (
        made.default_rule,
        made.colour,
        made.counterpart,
        made.tuning_source,
        made.penalty_setting,
    )
    assert texts == ("",) * 5
    assert made.paper_settings == {}
    assert made.version == 1


def test_its_rule_stands_for_it() -> None:
    assert type("Ruled", (Smallest,), {"rule": "energy"})().default_rule == "energy"


def test_a_setting_explains_itself() -> None:
    [field] = fields(Smallest)
    assert field.default == 2.0
    assert dict(field.metadata) == {
        "help": "how strong",
        "minimum": 0,
        "maximum": 9,
        "search": Range(1.0, 4.0),
        "later": False,
    }
    with pytest.raises(FrozenInstanceError):
        Smallest().strength = 3.0  # type: ignore[misc]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (2, 2), (3, 2), (float("nan"), 1)])
def test_a_range_has_something_between_two_ends_above_zero(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="is no range; give two numbers above 0"):
        Range(low, high)


@pytest.mark.parametrize("values", [(), (1,), ("a", "b", "a")])
def test_choices_are_distinct(values: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="not two or more distinct values"):
        Choices(values)


@pytest.mark.parametrize("beyond", [(2,), (1, 4), (3, 0.5), (1.5,)])
def test_what_follows_choices_is_not_between_them(beyond: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"are not beyond \[1, 3, 2\]"):
        Choices((1, 3, 2), beyond)


def test_a_method_must_build_something() -> None:
    with pytest.raises(TypeError, match="build"):
        type("Nothing", (Baseline,), {})()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_strategy_offers_is_seen_by_its_methods(protocol: type) -> None:
    needed = PROTOCOLS[protocol]
    for missing in needed:
        partial = type("Partial", (), dict.fromkeys(needed - {missing}))
        assert not isinstance(partial(), protocol)
    whole = type("Whole", (), dict.fromkeys(needed, lambda self: None))
    for other, names in PROTOCOLS.items():
        assert isinstance(whole(), other) == (names <= needed)


def test_kinds_of_supervision_are_from_least_to_most() -> None:
    assert [str(kind) for kind in Supervision] == ["none", "task boundaries", "task labels"]


def test_the_interface_needs_neither_torch_nor_avalanche() -> None:
    script = (
        "import sys, baselines.interface, baselines.context;"
        "assert not {'torch', 'avalanche', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
