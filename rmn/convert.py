"""Conversion of any module of Linear, Conv2d and BatchNorm layers to a `RelevanceNetwork`."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Literal, cast

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.mapping.layers import RelevanceConv2d, RelevanceLinear
from rmn.mapping.mappings import RelevanceMappings, group_layers
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.relevance import INITIALISATIONS
from rmn.tasks.features import last_layer
from rmn.tasks.inference import RULES
from rmn.tasks.layers import TaskBatchNorm, TaskHead
from rmn.tasks.replacement import replace_layers


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

    Convert a module on the device where it will be trained: the memory layout of the mappings is
    chosen for that device. Biases are dropped, as in the paper (Supplement, Section 3.1). Layers
    without parameters stay. New mappings damp the signals of each layer to a half or less, which
    only a BatchNorm corrects; in a module without any, weights are divided by the root mean square
    relevance of their layer.

    Args:
        module: any module, nested or not; it is left unchanged.
        beta: tightness of the soft-round at the start of each task, where `RMNPlugin` raises it
            from; the paper has a constant one and sees no difference from 80 on.
        learn_beta: learn one beta per layer, in each task starting from `beta`, as in the paper.
        initialisation: initial values of the mappings, see `rmn.mapping.relevance.initialise`.
        spread: standard deviation of the normal initialisation.
        batch_norm: one BatchNorm per task, or one shared by all (an ablation: it forgets).
        head: "shared": the last layer has relevance mappings like any other, as in the paper;
            "per-task": each task has a last layer of its own, as in the authors' development code.
        rule: rule of task inference at evaluation without a task label, see `rmn.tasks.inference`.

    Raises:
        ValueError: a setting is unknown, the module has nothing to convert, or it has parameters
            that cannot be given a relevance mapping; they are named.
    """
    if initialisation not in INITIALISATIONS:
        raise ValueError(f"initialisation is {initialisation!r}; use one of {INITIALISATIONS}")
    if rule not in RULES:
        raise ValueError(f"rule is {rule!r}; use one of {RULES}")
    if batch_norm not in ("per-task", "shared"):
        raise ValueError(f"batch_norm is {batch_norm!r}; use 'per-task' or 'shared'")
    if head not in ("per-task", "shared"):
        raise ValueError(f"head is {head!r}; use 'per-task' or 'shared'")
    _check_convertible(module)
    last = last_layer(module)
    if head == "per-task" and not isinstance(last, nn.Linear):
        raise ValueError(f"a head per task must be a Linear layer, not {type(last).__name__}")

    module = copy.deepcopy(module)
    task_head = last_layer(module) if head == "per-task" else None
    weighted = [
        layer
        for layer in module.modules()
        if isinstance(layer, nn.Linear | nn.Conv2d) and layer is not task_head
    ]
    weights = [layer.weight for layer in weighted]
    groups: list[RelevanceMappings] = []
    positions: dict[nn.Module, tuple[RelevanceMappings, int]] = {}  # group and index there
    for indices in group_layers(weights):
        group_weights = [weights[index] for index in indices]
        group = RelevanceMappings(group_weights, beta, learn_beta, initialisation, spread)
        groups.append(group)
        positions.update({weighted[index]: (group, n) for n, index in enumerate(indices)})

    def replacement(layer: nn.Module) -> nn.Module | None:
        if layer is task_head:
            return TaskHead(cast(nn.Linear, layer))
        if isinstance(layer, nn.Linear):
            return RelevanceLinear(*positions[layer])
        if isinstance(layer, nn.Conv2d):
            return RelevanceConv2d(*positions[layer], layer)
        if isinstance(layer, _BatchNorm) and batch_norm == "per-task":
            return TaskBatchNorm(layer)
        return None

    has_batch_norm = any(isinstance(layer, _BatchNorm) for layer in module.modules())
    network = RelevanceNetwork(replace_layers(module, replacement), groups, rule=rule)
    if not has_batch_norm:
        for layer in network.relevance_layers().values():
            layer.weight.data /= layer.relevance.detach().square().mean().sqrt()
    return network


def _check_convertible(module: nn.Module) -> None:
    problems = list(_problems(module))
    if problems:
        raise ValueError("cannot give relevance mappings to " + "; ".join(problems))
    if not any(isinstance(layer, nn.Linear | nn.Conv2d) for layer in module.modules()):
        raise ValueError("cannot give relevance mappings: no Linear or Conv2d layer in the module")


def _problems(module: nn.Module) -> Iterator[str]:
    for name, layer in module.named_modules():
        problem = _problem(layer)
        if problem:
            yield f"{name or 'the module itself'} ({type(layer).__name__} {problem})"


def _problem(layer: nn.Module) -> str:
    """Why a layer cannot be converted; empty if it can."""
    if isinstance(layer, nn.Conv2d) and layer.padding_mode != "zeros":
        return f"with padding_mode={layer.padding_mode!r}; only 'zeros' is known"
    if isinstance(layer, _BatchNorm):
        usable = layer.affine and layer.track_running_stats
        return "" if usable else "without affine parameters or running statistics"
    if isinstance(layer, nn.Linear | nn.Conv2d):
        return ""
    own = [parameter for parameter, _ in layer.named_parameters(recurse=False)]
    return f"with parameters {', '.join(own)}" if own else ""
