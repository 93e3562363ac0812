"""Giving relevance mappings to any module made of Linear, Conv2d and BatchNorm layers."""

from __future__ import annotations

import copy
from typing import Literal, cast

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.mapping.layers import RelevanceConv2d, RelevanceLinear
from rmn.mapping.mappings import RelevanceMappings, grouped
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.relevance import INITIALISATIONS
from rmn.tasks.features import last_layer
from rmn.tasks.inference import RULES
from rmn.tasks.layers import TaskBatchNorm, TaskHead


def convert(
    module: nn.Module,
    *,
    beta: float = 50.0,
    learn_beta: bool = False,
    initialisation: str = "normal",
    spread: float = 0.02,
    batch_norm: Literal["per-task", "shared"] = "per-task",
    head: Literal["per-task", "shared"] = "shared",
    rule: str = "max-logit",
) -> RelevanceNetwork:
    """A copy of `module` with a relevance mapping per task on every Linear and Conv2d weight.

    Convert a module where it will be trained: how the mappings lie in memory suits that device.
    Biases are dropped, as the paper does (Supplement, Section 3.1). Layers without parameters stay.
    Without a BatchNorm in the module nothing would restore the signals that fresh mappings damp, to
    a half or less at each layer; weights are then divided by their layer's root mean square
    relevance.

    Args:
        module: any module, nested or not; it is left unchanged.
        beta: tightness of the soft-round; the paper sees no difference from 80 on.
        learn_beta: learn one beta per layer, starting from `beta`.
        initialisation: of the mappings, see `rmn.mapping.relevance.initialise`.
        spread: standard deviation of the normal initialisation.
        batch_norm: one BatchNorm per task, or one shared by all (an ablation: it forgets).
        head: the last layer is shared and has relevance mappings like any other, as the paper has
            it, or there is a plain one per task, as in the authors' development code.
        rule: how a task is inferred at evaluation without a task label, see `rmn.tasks.inference`.

    Raises:
        ValueError: the module has nothing to convert, or has parameters that cannot be given a
            relevance mapping; they are named.
    """
    if initialisation not in INITIALISATIONS:
        raise ValueError(f"initialisation is {initialisation!r}; use one of {INITIALISATIONS}")
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}; use one of {RULES}")
    if batch_norm not in ("per-task", "shared"):
        raise ValueError(f"batch_norm is {batch_norm!r}; use 'per-task' or 'shared'")
    if head not in ("per-task", "shared"):
        raise ValueError(f"head is {head!r}; use 'per-task' or 'shared'")
    _refuse_unknown(module)
    last = last_layer(module)
    if head == "per-task" and not isinstance(last, nn.Linear):
        raise ValueError(f"a head per task must be a Linear layer, not {type(last).__name__}")

    module = copy.deepcopy(module)
    last = last_layer(module)
    apart = last if head == "per-task" else None
    weighted = [
        layer
        for layer in module.modules()
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer is not apart
    ]
    weights = [layer.weight for layer in weighted]
    mappings, places = [], {}
    for numbers in grouped(weights):
        together = [weights[number] for number in numbers]
        shared = RelevanceMappings(together, beta, learn_beta, initialisation, spread)
        mappings.append(shared)
        places.update({weighted[n]: (shared, at) for at, n in enumerate(numbers)})

    made: dict[nn.Module, nn.Module] = {}

    def converted(layer: nn.Module) -> nn.Module:
        """The same one wherever a layer is used again."""
        if layer not in made:
            made[layer] = conversion(layer)
        return made[layer]

    def conversion(layer: nn.Module) -> nn.Module:
        if layer is apart:
            return TaskHead(cast(nn.Linear, layer))
        if isinstance(layer, nn.Linear):
            return RelevanceLinear(*places[layer])
        if isinstance(layer, nn.Conv2d):
            return RelevanceConv2d(*places[layer], layer)
        if isinstance(layer, _BatchNorm) and batch_norm == "per-task":
            return TaskBatchNorm(layer)
        for name, child in layer._modules.items():  # named_children has each child once
            if child is not None:
                setattr(layer, name, converted(child))
        return layer

    normalised = any(isinstance(layer, _BatchNorm) for layer in module.modules())
    network = RelevanceNetwork(converted(module), mappings, rule=rule)
    if not normalised:
        for layer in network.relevance_layers().values():
            layer.weight.data /= layer.relevance.detach().square().mean().sqrt()
    return network


def _refuse_unknown(module: nn.Module) -> None:
    problems = [
        problem
        for name, layer in module.named_modules()
        if (problem := _problem(name or "the module itself", layer))
    ]
    if problems:
        raise ValueError("cannot give relevance mappings to " + "; ".join(problems))
    if not any(isinstance(layer, nn.Linear | nn.Conv2d) for layer in module.modules()):
        raise ValueError("cannot give relevance mappings: no Linear or Conv2d layer in the module")


def _problem(name: str, layer: nn.Module) -> str:
    kind = type(layer).__name__
    if isinstance(layer, nn.Conv2d) and layer.padding_mode != "zeros":
        return f"{name} ({kind} with padding_mode={layer.padding_mode!r}; only 'zeros' is known)"
    if isinstance(layer, _BatchNorm):
        if layer.affine and layer.track_running_stats:
            return ""
        return f"{name} ({kind} without affine parameters or running statistics)"
    if isinstance(layer, nn.Linear | nn.Conv2d):
        return ""
    own = [parameter for parameter, _ in layer.named_parameters(recurse=False)]
    return f"{name} ({kind} with parameters {', '.join(own)})" if own else ""
