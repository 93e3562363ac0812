"""Methods that break the contract are told what was observed, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from baselines.context import Context
from baselines.interface import Baseline, Choices, Range, Requirement, setting
from baselines.naive import Naive
from baselines.plugins import import_plugin
from baselines.registry import methods, register
from baselines.replay import Replay
from baselines.si import SynapticIntelligence
from harness.contract import declarations, law, penalties, predictions, resuming, training
from harness.contract.law import BrokenLawError, Finding, Law, findings, laws
from harness.contract.subject import Subject

pytestmark = pytest.mark.usefixtures("registrations")


def outside(base: type[Baseline], **attributes: Any) -> type[Baseline]:
    """A method derived from one of ours, with other class attributes and fields."""
    annotations = attributes.pop("__annotations__", {})
    namespace = {"__doc__": "A method.", "__annotations__": annotations, **attributes}
    kind = type(
        "Outside",
        (base,),
        {"name": "outside", "title": "Outside", "__module__": __name__, **namespace},
    )
    return register(dataclass(frozen=True)(kind))


def broken(check: Callable[[Subject], str], method: type[Baseline]) -> BrokenLawError:
    with pytest.raises(BrokenLawError) as caught:
        check(Subject(method))
    assert caught.value.mend
    return caught.value


@pytest.mark.parametrize(
    ("check", "attributes", "observed"),
    [
        (declarations.it_declares_itself, {"__doc__": ""}, "no docstring"),
        (
            declarations.its_settings_have_defaults_within_their_limits,
            {"__annotations__": {"rate": "float"}, "rate": setting(-1.0, "rate", minimum=0)},
            "rate is -1.0 by default, below 0",
        ),
        (
            declarations.what_is_searched_has_the_default_in_it,
            {
                "__annotations__": {"rate": "float"},
                "rate": setting(5.0, "rate", search=Range(0.1, 1.0)),
            },
            "rate is 5.0 by default, outside of",
        ),
        (
            declarations.what_is_searched_has_the_default_in_it,
            {
                "__annotations__": {"rate": "float"},
                "rate": setting(1.0, "rate", maximum=1, search=Choices((1.0, 2.0))),
            },
            "has values that rate cannot have",
        ),
        (declarations.a_rule_is_named_where_the_task_is_inferred, {"rule": "guess"}, "'guess'"),
        (declarations.a_rule_is_named_where_the_task_is_inferred, {"rule": "entropy"}, "entropy"),
        (declarations.what_it_names_is_there, {"counterpart": "nobody"}, "'nobody'"),
        (declarations.what_it_names_is_there, {"tuning_source": "nobody"}, "'nobody'"),
        (declarations.what_it_names_is_there, {"paper_settings": {"nowhere": {}}}, "'nowhere'"),
        (declarations.what_it_names_is_there, {"check_settings": {"no": 1}}, "no=1"),
        (
            declarations.what_it_names_is_there,
            {
                "__annotations__": {"rate": "float"},
                "rate": setting(0.5, "rate", maximum=1),
                "check_settings": {"rate": 0.5},
            },
            "check_settings has only defaults",
        ),
        (penalties.the_strength_may_be_0_and_1e12, {"penalty_setting": "no"}, "no setting no"),
    ],
)
def test_a_declaration_that_is_wrong_is_named(
    check: Callable[[Subject], str], attributes: dict[str, Any], observed: str
) -> None:
    assert observed in broken(check, outside(Naive, **attributes)).observed


def test_a_method_is_checked_under_its_check_settings_and_says_so() -> None:
    method = outside(SynapticIntelligence, check_settings={"si_lambda": 0.125})
    subject = Subject(method)
    assert subject.run().settings["si_lambda"] == 0.125
    assert training.it_learns_the_last_task(subject).endswith("right, with si_lambda=0.125")
    assert Subject(SynapticIntelligence).under == ""


def test_a_method_that_imports_torch_at_the_top_is_named(tmp_path: Path) -> None:
    file = tmp_path / "heavy.py"
    file.write_text(
        "import sys\nsys.modules.setdefault('torch', sys)  # for want of patience\n"
        "from dataclasses import dataclass\n"
        "from baselines.naive import Naive\n"
        "from baselines.registry import register\n"
        "@register\n@dataclass(frozen=True)\n"
        "class Heavy(Naive):\n    name = 'heavy'\n    title = 'Heavy'\n"
    )
    import_plugin(str(file))
    error = broken(declarations.it_is_known_without_torch, methods()["heavy"])
    assert error.mend == "import torch and avalanche inside of build"


def test_kept_examples_that_are_not_declared_end_the_run() -> None:
    method = outside(Replay, requirements=frozenset())
    one = laws()["what_it_declares_is_what_is_seen"]
    [finding] = findings_of(method, one)
    assert finding.state == "broken"
    assert "was seen to need Requirement.REPLAY" in finding.observed


def test_examples_that_are_declared_and_not_kept_are_named() -> None:
    method = outside(Naive, requirements=frozenset({Requirement.REPLAY}))
    error = broken(training.what_it_declares_is_what_is_seen, method)
    assert error.observed == "it holds no stored examples"


def test_a_penalty_that_acts_at_strength_0_is_named() -> None:
    strong = replace(SynapticIntelligence(), **{SynapticIntelligence.penalty_setting: 1e6})
    method = outside(SynapticIntelligence, build=lambda self, context: strong.build(context))
    assert "differs" in broken(penalties.at_strength_0_it_is_fine_tuning, method).observed


class Scaled(nn.Module):
    """A network whose logits are scaled by a tensor that is no part of its state.

    Args:
        network: gives the logits.
        scale: of no parameter and no buffer.
    """

    def __init__(self, network: nn.Module, scale: list[Tensor]) -> None:
        super().__init__()
        self.network = network
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network(x)
        return logits * self.scale[0]


def test_what_predictions_need_elsewhere_is_named() -> None:
    def build(self: Naive, context: Context) -> Any:
        network = Scaled(context.network(), [torch.ones(1)])
        return Naive().build(replace(context, network=lambda: network))

    error = broken(predictions.predictions_need_nothing_else, outside(Naive, build=build))
    assert "inference_tensors" in error.mend


def findings_of(method: type[Baseline], *chosen: Law) -> list[Finding]:
    """How a method stands to some laws."""
    before = dict(law._LAWS)
    law._LAWS.clear()
    law._LAWS.update({one.name: one for one in chosen})
    try:
        return list(findings(Subject(method)))
    finally:
        law._LAWS.clear()
        law._LAWS.update(before)


def test_one_law_that_raises_says_nothing_of_the_others() -> None:
    def build(self: Naive, context: Any) -> Any:
        raise RuntimeError("no such network")

    method = outside(Naive, build=build)
    names = ("it_declares_itself", "abilities_have_their_shapes", "at_strength_0_it_is_fine_tuning")
    found = findings_of(method, *(laws()[name] for name in names))
    assert [one.state for one in found] == ["kept", "broken", "does not apply"]
    assert found[1].observed == "RuntimeError: no such network"


def test_every_law_is_a_sentence_and_is_found() -> None:
    modules = (declarations, penalties, predictions, resuming, training)
    assert {one.check.__module__ for one in laws().values()} == {one.__name__ for one in modules}
    for one in laws().values():
        assert one.demand.endswith(".")
        assert one.check.__doc__
