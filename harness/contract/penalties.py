"""The laws of a method that declares the strength of a penalty against forgetting."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal

import torch
from avalanche.models import avalanche_forward
from torch import nn

from baselines.naive import Naive
from harness.contract.law import Method, broken, law
from harness.contract.subject import Subject, small_context, small_stream

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.interface import Baseline

_STRONG = 1e12


def _no_penalty(method: Method) -> str:
    return "" if method.penalty_setting else "it declares no penalty_setting"


def _with_strength(method: Method, strength: float) -> Baseline:
    return replace(method(), **{method.penalty_setting: strength})


def first_task_accuracy(strategy: SupervisedTemplate) -> float:
    """On the test examples of the first task, among its own outputs."""
    strategy.model.eval()
    test = small_stream().test[0]
    x, y = test.inputs(), test.images.labels
    with torch.no_grad():
        logits = avalanche_forward(strategy.model, x, torch.zeros(len(x), dtype=torch.long))
    return float((logits[:, :2].argmax(1) == y).float().mean())


def plain_mlp() -> nn.Module:
    """Without BatchNorm, whose statistics no penalty keeps."""
    torch.manual_seed(0)
    layers = [nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 100), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(100, 10, bias=False))


@law("The strength of its penalty may be 0 and 1e12.", excuse=_no_penalty)
def the_strength_may_be_0_and_1e12(subject: Subject) -> str:
    """So that the two laws below can be asked."""
    name = subject.method.penalty_setting
    found = [field for field in fields(subject.method) if field.name == name]
    if not found:
        broken(f"it has no setting {name}", "name a setting in penalty_setting")
    low, high = found[0].metadata["minimum"], found[0].metadata["maximum"]
    if low != 0 or not (high is None or high >= _STRONG):
        broken(f"{name} is from {low} to {high}", "allow 0 and 1e12: minimum=0, no maximum")
    return f"{name}"


@law("At strength 0 its network is that of fine-tuning, bit for bit.", excuse=_no_penalty)
def at_strength_0_it_is_fine_tuning(subject: Subject) -> str:
    """With one output layer, and with one for each task."""
    heads: tuple[Literal["shared", "per-task"], ...] = ("shared", "per-task")
    for head in heads:
        context = replace(small_context(), head=head)
        ours, plain = (
            subject.trained(3, context, method).model.state_dict()
            for method in (_with_strength(subject.method, 0.0), Naive())
        )
        if ours.keys() != plain.keys():
            broken("its network has other parameters", "build it by context.model() alone")
        other = [name for name, value in plain.items() if not torch.equal(value, ours[name])]
        if other:
            broken(
                f"{other[0]} differs, with head={head}",
                "let no pass over the data move BatchNorm statistics or draw random numbers, and "
                "add nothing to the loss at strength 0",
            )
    return "every parameter and buffer is the same"


@law("At strength 1e12 the first task is kept where fine-tuning forgets it.", excuse=_no_penalty)
def at_strength_1e12_the_first_task_is_kept(subject: Subject) -> str:
    """Steps of Adam are about as long as the learning rate: weights stray, and are drawn back."""
    context = replace(small_context(), network=plain_mlp, epochs=10)
    learned = first_task_accuracy(subject.trained(1, context))
    strong = _with_strength(subject.method, _STRONG)
    kept = first_task_accuracy(subject.trained(5, context, strong))
    if kept <= learned - 0.05:
        broken(
            f"{learned:.1%} right when it was learned, {kept:.1%} after four more tasks",
            "see that the penalty's gradient reaches every weight, however strong it is",
        )
    return f"{learned:.1%} right when it was learned, {kept:.1%} after four more tasks"
