"""What `convert` refuses, why, and what to do instead.

It refuses what it would have to guess at: a module that keeps a weight where its class says nothing
of it, changes it in a way of its own, or computes with it what a mask has no meaning for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

import torch
from avalanche.models import DynamicModule
from torch import Tensor, nn
from torch._dynamo import OptimizedModule
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parallel import DistributedDataParallel
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from torch.nn.utils import parametrize
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from rmn.tasks.task_module import TaskModule
from rmn.tasks.values_per_task import names_in_use

WEIGHTED: Final = (
    nn.Linear,
    nn.Bilinear,
    nn.modules.conv._ConvNd,
    nn.Embedding,
    nn.EmbeddingBag,
    nn.MultiheadAttention,
    nn.RNNBase,
    nn.RNNCellBase,
)
"""Kinds of modules whose weights are multiplied by relevance mappings."""

_OWN_WAYS: Final = ("forward", "_conv_forward", "__call__")
_QUANTISED: Final = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic", "torch.ao.nn.sparse")
_HOOKS: Final[Mapping[type, str]] = {
    WeightNorm: "torch.nn.utils.remove_weight_norm(module)",
    SpectralNorm: "torch.nn.utils.remove_spectral_norm(module)",
    BasePruningMethod: "torch.nn.utils.prune.remove(module, 'weight')",
}


def weight_names(module: nn.Module) -> list[str]:
    """Names of a module's own parameters that relevance mappings are for; none for most kinds."""
    if not isinstance(module, WEIGHTED):
        return []
    own = module._parameters.items()
    return [name for name, parameter in own if parameter is not None and "weight" in name]


def check_convertible(module: object, own_forward: Collection[type[nn.Module]]) -> None:
    """Raise an error if `convert` cannot do right by a module.

    Args:
        module: what is to be converted.
        own_forward: subclasses of `WEIGHTED` with a forward of their own that are allowed.

    Raises:
        TypeError: it is no module.
        ValueError: some of its modules or parameters cannot be converted; they are named, with what
            to do about each.
    """
    if not isinstance(module, nn.Module):
        kind = module.__name__ if isinstance(module, type) else type(module).__name__
        made = "; make one first, by calling it" if isinstance(module, type) else ""
        raise TypeError(f"convert takes a torch.nn.Module, not {kind}{made}")
    own = frozenset(map(id, (*module.modules(), *module.parameters())))
    problems = list(_problems(module, "", tuple(own_forward), own))
    if problems:
        raise ValueError("cannot give relevance mappings to " + "; ".join(problems))
    trained = [
        parameter
        for one in module.modules()
        for name in weight_names(one)
        if (parameter := one.get_parameter(name)).requires_grad
    ]
    if not trained:
        raise ValueError(
            "cannot give relevance mappings: the module has no Linear, Conv or other layer whose "
            "weight requires a gradient"
        )


def _problems(
    module: nn.Module, path: str, own_forward: tuple[type[nn.Module], ...], own: Set[int]
) -> Iterator[str]:
    """What cannot be converted of a module and of those inside it, each by its name.

    Args:
        module: of any kind.
        path: its name in the module that is to be converted.
        own_forward: subclasses that are allowed to have one.
        own: identities of all modules and parameters that are to be converted.
    """
    kind = _problem_of_kind(module)
    problem = kind or next(_problems_of_use(module, own_forward, own), "")
    if problem:
        yield f"{path or 'the module itself'} ({type(module).__name__} {problem})"
    if not kind:  # what is inside a refused kind is nothing to mend by itself
        for name, child in module.named_children():
            yield from _problems(child, f"{path}.{name}".lstrip("."), own_forward, own)


def _problems_of_use(
    module: nn.Module, own_forward: tuple[type[nn.Module], ...], own: Set[int]
) -> Iterator[str]:
    """What is wrong with how a module of a known kind is used, its children aside."""
    if "forward" in vars(module):
        yield "whose forward was set on the object; define it in a class of its own"
    if _changes_weights(module) and not isinstance(module, own_forward):
        kind = type(module).__name__
        yield (
            "with a forward of its own, in which a weight of zero may have an effect; if it has "
            f"none, allow it: convert(..., own_forward=({kind},))"
        )
    for name in sorted(names_in_use(module)):
        yield f"whose attribute {name} has a name that RMN needs; give it another"
    for name in _kept_apart(module, own):
        yield (
            f"which keeps parameters in {name}; use an nn.ParameterList or an nn.ModuleList, or a "
            "method in place of a function"
        )
    for name, value in (*vars(module).items(), *module._buffers.items()):
        if name not in _REGISTERED and _has_graph(value):
            yield (
                f"whose attribute {name} has the graph of a forward pass, which cannot be copied; "
                "set it to None, or keep what detach() returns"
            )
    if any(_keeps(hook, own) for hook in _hooks(module)):
        yield "with a hook that reads a module or a parameter around it; use the hook's arguments"
    for name, parameter in module.named_parameters(recurse=False):
        problem = _problem_of_parameter(parameter)
        if problem:
            yield f"with the parameter {name} {problem}"


def _problem_of_kind(module: nn.Module) -> str:
    """What is wrong with a kind of module; empty if nothing is."""
    for is_it, problem in _KINDS:
        if is_it(module):
            return problem
    for hook in module._forward_pre_hooks.values():
        for kind, remedy in _HOOKS.items():
            if isinstance(hook, kind):
                return f"whose weight is computed by a {kind.__name__} hook; first {remedy}"
    return ""


def _is_lazy(module: nn.Module) -> bool:
    own = [*module._parameters.values(), *module._buffers.values()]
    kinds = (UninitializedBuffer, UninitializedParameter)
    uninitialised = any(isinstance(tensor, kinds) for tensor in own)
    return uninitialised or (
        isinstance(module, LazyModuleMixin) and module.has_uninitialized_params()
    )


def _is_quantised(module: nn.Module) -> bool:
    return any(kind.__module__.startswith(_QUANTISED) for kind in type(module).__mro__)


def _renormalises(module: nn.Module) -> bool:
    return isinstance(module, nn.Embedding | nn.EmbeddingBag) and module.max_norm is not None


_KINDS: Final[tuple[tuple[Callable[[nn.Module], bool], str], ...]] = (
    (
        lambda module: isinstance(module, TaskModule) or type(module).__module__.startswith("rmn."),
        "that is converted already; give convert the module that it was made from",
    ),
    (
        lambda module: isinstance(module, OptimizedModule),
        "that is compiled; convert the module itself, then call compile() of what convert returns",
    ),
    (
        lambda module: isinstance(module, torch.jit.ScriptModule),
        "that is scripted or traced; convert the module that it was made from",
    ),
    (
        lambda module: isinstance(module, nn.DataParallel | DistributedDataParallel),
        "that copies a module for each batch; convert its .module, and train on one device",
    ),
    (
        lambda module: isinstance(module, DynamicModule),
        "that grows or chooses by task, which RMN does itself; put an nn.Linear with outputs for "
        "all classes in the place of a growing classifier",
    ),
    (
        parametrize.is_parametrized,
        "that is parametrized; first "
        "torch.nn.utils.parametrize.remove_parametrizations(module, 'weight')",
    ),
    (_is_lazy, "that is not initialised yet; first call the module with a batch of inputs"),
    (_is_quantised, "that is quantised; convert the module in floating point"),
    (_renormalises, "with max_norm, which changes its weight in each forward pass; leave it out"),
    (
        lambda module: bool(getattr(module, "sparse", False)),
        "with sparse=True, whose gradients a mapping cannot have; use sparse=False",
    ),
)
"""Kinds that are refused, and why; the first that fits is named."""


def _changes_weights(module: nn.Module) -> bool:
    """Whether a subclass computes with trained weights in a way of its own."""
    if not any(module.get_parameter(name).requires_grad for name in weight_names(module)):
        return False
    kind = type(module)
    known = next(one for one in kind.__mro__ if one.__module__.startswith("torch.nn."))
    return any(
        getattr(kind, way) is not getattr(known, way) for way in _OWN_WAYS if hasattr(known, way)
    )


def _kept_apart(module: nn.Module, own: Set[int]) -> Iterator[str]:
    """Attributes that hold parameters without being registered."""
    for name, value in vars(module).items():
        if name not in _REGISTERED and _keeps(value, own):
            yield name


def _hooks(module: nn.Module) -> Iterator[Any]:
    yield from module._forward_pre_hooks.values()
    yield from module._forward_hooks.values()


def _keeps(value: Any, own: Set[int], *, copied: bool = True, depth: int = 4) -> bool:
    """Whether a value goes on with a parameter, or with the original of a module, after conversion.

    What an object refers to is copied with it, so that modules in it are those of the copy. What a
    function has around it is not.

    Args:
        value: anything.
        own: identities of all modules and parameters that are to be converted.
        copied: whether it is copied with the module.
        depth: of what is looked at inside it.
    """
    if isinstance(value, nn.Parameter):
        return copied or id(value) in own
    if isinstance(value, nn.Module):
        return not copied and id(value) in own
    copied = copied and not isinstance(value, FunctionType)
    return depth > 0 and any(
        _keeps(one, own, copied=copied, depth=depth - 1) for one in _inside(value)
    )


def _has_graph(value: Any, depth: int = 4) -> bool:
    """Whether a value, or one inside it that is copied with it, was computed with a graph.

    Args:
        value: anything.
        depth: of what is looked at inside it.
    """
    if isinstance(value, Tensor):
        return not value.is_leaf
    if isinstance(value, nn.Module | FunctionType):
        return False
    return depth > 0 and any(_has_graph(one, depth - 1) for one in _inside(value))


def _inside(value: Any) -> Iterator[Any]:
    """What a value refers to: a container's elements, a function's surroundings, attributes."""
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            with suppress(ValueError):  # of a variable that has no value yet
                yield cell.cell_contents
        yield from value.__defaults__ or ()
        yield from (value.__kwdefaults__ or {}).values()
    elif isinstance(value, MethodType):
        yield value.__self__
    elif isinstance(value, partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif hasattr(value, "__dict__") and not isinstance(value, type | ModuleType):
        yield from vars(value).values()


_REGISTERED: Final = frozenset((*vars(nn.Module()), "_flat_weights"))


def _problem_of_parameter(parameter: Tensor) -> str:
    """What is wrong with a parameter; empty if nothing is."""
    if parameter.device.type == "meta":
        return "without values (on the meta device); first load its weights"
    if parameter.is_complex():
        return "of complex numbers, which have no order to round by"
    if parameter.layout is not torch.strided:
        return f"of layout {parameter.layout}; first make it dense: to_dense()"
    if type(parameter.data) is not Tensor:
        return f"that is a {type(parameter.data).__name__}; only plain tensors are known"
    if parameter._backward_hooks or getattr(parameter, "_post_accumulate_grad_hooks", None):
        return (
            "with a hook on its gradient, which a copy of it loses; remove the hook, and change "
            "gradients in the training loop, as in before_update of a plugin"
        )
    return ""
