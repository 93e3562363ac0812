"""Conversion of any module to a `RelevanceNetwork`."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from inspect import Parameter, signature
from math import inf
from typing import Final, Literal

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from rmn.convertibility import WEIGHTED, check_convertible, weight_names
from rmn.mapping.mappings import RelevanceMappings, group_layers
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.relevance import INITIALISATIONS
from rmn.mapping.weights import FixedWeight, RelevanceWeight
from rmn.tasks.features import last_layer
from rmn.tasks.inference import RULES
from rmn.tasks.values_per_task import give_values_per_task

_STATISTICS: Final = ("running_mean", "running_var")
_COUNTER: Final = "num_batches_tracked"
_BITS: Final = 32
"""Of numbers that relevances are learned in as well as in longer ones."""


def convert(
    module: nn.Module,
    *,
    beta: float = 50.0,
    learn_beta: bool = False,
    initialisation: str = "normal",
    spread: float = 0.02,
    batch_norm: Literal["per-task", "shared"] = "per-task",
    head: Literal["per-task", "shared"] = "shared",
    biases: Literal["per-task", "none"] = "per-task",
    own_forward: Collection[type[nn.Module]] = (),
    rule: str = "max-logit",
) -> RelevanceNetwork:
    """A copy of `module` whose weights have a relevance mapping per task.

    - The weights of Linear, Conv, ConvTranspose, Embedding, Bilinear, MultiheadAttention and
      recurrent layers are shared by all tasks and multiplied by the relevances of each.
    - All other parameters that require a gradient have values of their own for each task: those of
      normalisations, biases, class tokens, position embeddings, layer scales; and so have the
      running statistics of normalisations. Each task begins with the values that `module` has.
    - Parameters that require no gradient keep their values in all tasks, without a mapping: call
      `requires_grad_(False)` on what is to be fixed before it is converted. They become buffers,
      which no optimizer can reach.

    Forward methods, hooks, shared parameters and attributes stay. With all mappings open (at one),
    the network computes what `module` computes, until the first task begins. Then, in a module
    without BatchNorm, weights are divided by the root mean square relevance of new mappings, which
    damp the signals of each layer to a half or less; not so with `initialisation="open"`, which is
    for pretrained weights: the first task begins with all of them in use.

    Convert a module on the device where it will be trained: the memory layout of the mappings is
    chosen for that device.

    Args:
        module: any module, nested or not; it is left unchanged.
        beta: tightness of the soft-round at the start of each task, where `RMNPlugin` raises it
            from; the paper has a constant one and sees no difference from 80 on.
        learn_beta: learn one beta per weight, in each task starting from `beta`, as in the paper.
        initialisation: initial values of the mappings, see `rmn.mapping.relevance.initialise`.
        spread: standard deviation of the normal initialisation.
        batch_norm: one BatchNorm per task, or one shared by all (an ablation: it forgets).
        head: "shared": the last layer has relevance mappings like any other, as in the paper;
            "per-task": each task has a last layer of its own, newly drawn, as in the authors'
            development code.
        biases: of Linear and Conv layers. "per-task": each task has its own; "none": they are
            dropped, as in the paper (Supplement, Section 3.1).
        own_forward: subclasses of the layers above whose own forward was checked: a weight that is
            multiplied by zero must be without effect there.
        rule: rule of task inference at evaluation without a task label, see `rmn.tasks.inference`.

    Raises:
        TypeError: `module` is no module, or `own_forward` are no classes.
        ValueError: a setting is unknown or out of its range, or parts of the module cannot be
            converted; they are named, with what to do.
    """
    _check_settings(initialisation, rule, batch_norm, head, biases)
    if not 0 < beta < inf:
        raise ValueError(f"beta is {beta}; it must be above 0 and finite")
    if not 0 <= spread < inf:
        raise ValueError(f"spread is {spread}; it must be at least 0 and finite")
    if isinstance(own_forward, type) or not all(isinstance(one, type) for one in own_forward):
        raise TypeError(f"own_forward is {own_forward!r}; give classes: own_forward=(CosineHead,)")
    check_convertible(module, own_forward)
    last = last_layer(module)
    if head == "per-task" and not isinstance(last, nn.Linear):
        raise ValueError(f"a head per task must be a Linear layer, not {type(last).__name__}")

    body = copy.deepcopy(module)
    head_layer = last_layer(body) if head == "per-task" else None
    if biases == "none":
        _drop_biases(body)
    _fix_frozen_parameters(body)
    trained = [
        layer.get_parameter(name)
        for layer in body.modules()
        if layer is not head_layer
        for name in weight_names(layer)
    ]
    weights = list({id(weight): weight for weight in trained}.values())  # shared ones once
    groups: list[RelevanceMappings] = []
    made: dict[int, RelevanceWeight] = {}
    for indices in group_layers(weights):
        group_weights = [weights[index] for index in indices]
        groups.append(RelevanceMappings(group_weights, beta, learn_beta, initialisation, spread))
        made |= {
            id(weight): RelevanceWeight(groups[-1], place)
            for place, weight in enumerate(group_weights)
        }
    if isinstance(head_layer, nn.Linear):  # a draw, so that runs of a seed keep their numbers
        nn.Linear(head_layer.in_features, head_layer.out_features, False, head_layer.weight.device)
    if head_layer is not None and any(id(one) in made for one in head_layer.parameters()):
        raise ValueError("a head per task cannot share its weight with another layer")
    named = dict(_named_weights(body, head_layer, made))
    has_batch_norm = any(isinstance(layer, _BatchNorm) for layer in body.modules())
    for layer in body.modules():
        is_shared = isinstance(layer, _BatchNorm) and batch_norm == "shared"
        if not is_shared:
            _give_values(layer, made, is_head=layer is head_layer)
    _warn_of_parameters_per_task(module)
    _warn_of_further_inputs(module)
    _warn_of_short_numbers(trained)
    return RelevanceNetwork(
        body,
        groups,
        named,
        preserve_signals=not has_batch_norm and initialisation != "open",
        rule=rule,
        finds_last_layer=head == "per-task",
    )


def _check_settings(
    initialisation: str, rule: str, batch_norm: str, head: str, biases: str
) -> None:
    allowed = {
        "initialisation": (initialisation, INITIALISATIONS),
        "rule": (rule, RULES),
        "batch_norm": (batch_norm, ("per-task", "shared")),
        "head": (head, ("per-task", "shared")),
        "biases": (biases, ("per-task", "none")),
    }
    for name, (value, values) in allowed.items():
        if value not in values:
            raise ValueError(f"{name} is {value!r}; use one of {values}")


def _warn_of_parameters_per_task(module: nn.Module) -> None:
    """Say so where most of a module is of kinds of which each task has its own."""
    mapped = {
        id(layer.get_parameter(name)) for layer in module.modules() for name in weight_names(layer)
    }
    own = {
        name: one.numel()
        for name, one in module.named_parameters()
        if one.requires_grad and id(one) not in mapped
    }
    share = sum(own.values()) / sum(one.numel() for one in module.parameters())
    if share <= 0.5:
        return
    largest = max(own, key=own.__getitem__)
    warnings.warn(
        f"each task will have its own values of {share:.0%} of the parameters, of {largest} for "
        "example: mappings are for the weights of Linear, Conv and other layers of torch.nn; use "
        "these in the place of matrices that a module multiplies by itself",
        stacklevel=3,
    )


def _warn_of_further_inputs(module: nn.Module) -> None:
    """Say so where a module takes inputs that would be taken for task labels.

    One whose second input is called task_labels, as in Avalanche, is not surprised.
    """
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    inputs = [
        name for name, one in signature(module.forward).parameters.items() if one.kind in kinds
    ]
    further = inputs[1:]
    if not further or further[0] == "task_labels":
        return
    warnings.warn(
        f"the forward of {type(module).__name__} takes {further[0]} as a second input, which a "
        "converted network never gives it: its own second argument is the task labels; convert a "
        "module that takes all inputs as a single one",
        stacklevel=3,
    )


def _warn_of_short_numbers(weights: Sequence[nn.Parameter]) -> None:
    """Say so where relevances near 1 would be too far apart for the steps of an optimizer."""
    short = {one.dtype for one in weights if torch.finfo(one.dtype).bits < _BITS}
    if short:
        warnings.warn(
            f"the weights are {', '.join(sorted(map(str, short)))}, and so are their relevances, "
            "in which small steps are lost and tasks are learned worse: convert the module in "
            "float32, and train it under torch.autocast",
            stacklevel=3,
        )


def _drop_biases(body: nn.Module) -> None:
    for layer in body.modules():
        if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd):
            layer.bias = None


def _fix_frozen_parameters(body: nn.Module) -> None:
    """Turn parameters that require no gradient into buffers."""
    for layer in body.modules():
        for name, parameter in list(layer._parameters.items()):  # a shared one by all its names
            if parameter is not None and not parameter.requires_grad:
                del layer._parameters[name]
                layer.register_buffer(name, parameter.detach())


def _named_weights(
    body: nn.Module, head: nn.Module | None, made: Mapping[int, RelevanceWeight]
) -> Iterator[tuple[str, RelevanceWeight]]:
    """All weights of the body but the head's, by their names; a shared one by its first name.

    Args:
        body: the module.
        head: its last layer, if each task has one of its own.
        made: the weights with mappings, by the identity of the parameter.
    """
    seen = set()
    for path, layer in body.named_modules():
        if layer is head or not isinstance(layer, WEIGHTED):
            continue
        for name, tensor in (*layer._parameters.items(), *layer._buffers.items()):
            if tensor is None or "weight" not in name or id(tensor) in seen:
                continue
            seen.add(id(tensor))
            weight = made.get(id(tensor)) or FixedWeight(layer, name)
            yield path if name == "weight" else f"{path}.{name}".lstrip("."), weight


def _give_values(layer: nn.Module, made: Mapping[int, RelevanceWeight], *, is_head: bool) -> None:
    """Let the tensors of one layer have a value for each task; the layer is changed in place.

    Args:
        layer: its children stay as they are.
        made: the weights with mappings, by the identity of the parameter.
        is_head: whether each task has a layer of its own.
    """
    parameters = {name: one for name, one in layer._parameters.items() if one is not None}
    given = {
        name: made[id(parameter)].masked_weight
        for name, parameter in parameters.items()
        if id(parameter) in made
    }
    kept = [name for name in parameters if name not in given]
    restarted = []
    if isinstance(layer, _NormBase) and layer.running_mean is not None:
        kept += _STATISTICS
        restarted.append(_COUNTER)
    if kept or given:
        give_values_per_task(layer, kept=kept, restarted=restarted, given=given, redrawn=is_head)
