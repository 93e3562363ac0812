"""The law of every method that declares a penalty strength: none at 0, no forgetting at 1e12."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import pytest

from baselines.ewc import EWC
from baselines.interface import Baseline
from baselines.naive import Naive
from baselines.registry import methods
from harness.contract import penalties
from harness.contract.subject import Subject, small_context, small_stream

DECLARING = {name: method for name, method in methods().items() if method.penalty_setting}


@dataclass(frozen=True)
class OnlineEWC(EWC):
    mode: Literal["separate", "online", "mean"] = "online"


@dataclass(frozen=True)
class MeanEWC(EWC):
    mode: Literal["separate", "online", "mean"] = "mean"


OF_OTHER_MODES: dict[str, type[Baseline]] = {"ewc online": OnlineEWC, "ewc mean": MeanEWC}


def test_the_methods_with_a_penalty_declare_it() -> None:
    assert {"ewc", "lwf", "mas", "rwalk", "si"} <= DECLARING.keys()


@pytest.mark.parametrize(
    "check",
    [
        penalties.the_strength_may_be_0_and_1e12,
        penalties.at_strength_0_it_is_fine_tuning,
        penalties.at_strength_1e12_the_first_task_is_kept,
    ],
)
@pytest.mark.parametrize(
    "method", [*DECLARING.values(), *OF_OTHER_MODES.values()], ids=[*DECLARING, *OF_OTHER_MODES]
)
def test_it_keeps_the_laws_of_penalties(
    method: type[Baseline], check: Callable[[Subject], str]
) -> None:
    assert check(Subject(method))


def test_what_is_kept_is_what_fine_tuning_forgets() -> None:
    context = replace(small_context(), network=penalties.plain_mlp, epochs=10)
    naive = Subject(Naive)
    assert penalties.first_task_accuracy(naive.trained(1, context)) > 0.95
    assert penalties.first_task_accuracy(naive.trained(5, context)) < 0.7


def test_fine_tuning_has_statistics_that_a_pass_over_the_data_could_move() -> None:
    assert any("running_mean" in name for name in Subject(Naive).trained(1).model.state_dict())
    assert len(small_stream().experiences) == 5
