"""The state of a graph of objects as plain values and tensors, and back.

A strategy's state is spread over its model, optimizer, plugins and whatever these have made while
they learned: importances, replay buffers, copies of the model. Avalanche's own checkpoints pickle
the whole strategy with dill; to load such a file is to execute what is in it. Here the objects that
are reachable from a root are written down as a table of classes, attribute names, values and
tensors, which `torch.load(..., weights_only=True)` reads. To restore it, a fresh root is built by
the same code, and its objects are given the stored attributes. Only objects that the fresh root
does not have are made anew: instances of classes that are loaded already, from packages that are
allowed, without calling anything of theirs. Functions, classes and modules are never stored; the
fresh root's own stay in place.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

State = dict[str, Any]
"""`nodes`: one list an object; `tensors`: what they refer to. Plain values and tensors only."""

_PLAIN: Final = (type(None), bool, int, float, str)
_SEQUENCES: Final = {"list": list, "set": set, "deque": deque}
_FACTORIES: Final = {kind.__name__: kind for kind in (dict, list, set, int, float)}
_MISSING: Final = object()
_HOOKS: Final = frozenset(name for name in vars(nn.Module()) if "hook" in name)
"""Attributes of a module that hold functions, under keys that no two processes share."""

PACKAGES: Final = ("torch", "torchvision", "avalanche", "rmn", "baselines", "harness")
"""Top-level packages whose classes may be made anew."""


class StateError(ValueError):
    """A state that cannot be restored."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How objects of a class are stored instead of by their attributes.

    Attributes:
        get: what stands for an object; its parts are stored like any other object's.
        make: the object that such parts stand for.
    """

    get: Callable[[Any], Any]
    make: Callable[[Any], Any]


@dataclass(slots=True)
class Scope:
    """What is stored, and how.

    Attributes:
        external: objects that every process has, by name; they are stored as their names.
        skipped: of an object, or of all objects of a class, the names of attributes that are left
            as the fresh root has them.
        codecs: by class.
        packages: whose classes may be made anew.
    """

    external: Mapping[str, object] = field(default_factory=dict)
    skipped: Sequence[tuple[object, Collection[str]]] = ()
    codecs: Mapping[type, Codec] = field(default_factory=dict)
    packages: Collection[str] = PACKAGES

    def attributes(self, value: object) -> Iterator[tuple[str, Any]]:
        """Names and values of an object's own attributes that are stored."""
        skipped = {
            name
            for owner, names in ((nn.Module, _HOOKS), *self.skipped)
            if value is owner or (isinstance(owner, type) and isinstance(value, owner))
            for name in names
        }
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
        found |= getattr(value, "__dict__", {})
        for name, attribute in found.items():
            if name not in skipped and name not in ("__dict__", "__weakref__"):
                yield name, attribute


def capture(root: object, scope: Scope) -> State:
    """The state of everything that is reachable from a root.

    Args:
        root: any object.
        scope: what is stored, and how.
    """
    return _Capture(scope).of(root)


def restore(root: object, state: State, scope: Scope) -> None:
    """Give a root the state that `capture` took of its like.

    Args:
        root: freshly built, as the stored one was.
        state: that was captured.
        scope: as it was captured with, but for the external objects, which are this process's.

    Raises:
        StateError: something was stored that the fresh root lacks and that may not be made.
    """
    _Restore(state, scope).node(0, root, "the root")


class _Capture:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.external = {id(value): name for name, value in scope.external.items()}
        self.codecs = tuple(scope.codecs)
        self.numbers: dict[int, int] = {}
        self.alive: list[object] = []  # an id is an object's only as long as it lives
        self.nodes: list[Any] = []
        self.tensors: list[Tensor] = []

    def of(self, root: object) -> State:
        self._value(root)
        return {"nodes": self.nodes, "tensors": self.tensors}

    def _value(self, value: Any) -> Any:
        """A plain value as it is, anything else as (number of its node,)."""
        if type(value) in _PLAIN:
            return value
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.nodes)
            self.alive.append(value)
            self.nodes.append(None)
            self.nodes[number] = self._node(value)
        return (number,)

    def _node(self, value: Any) -> list[Any]:
        if id(value) in self.external:
            return ["external", self.external[id(value)]]
        for kind in self.codecs:
            if isinstance(value, kind):
                return ["made", _name(kind), self._value(self.scope.codecs[kind].get(value))]
        if isinstance(value, Tensor):
            self.tensors.append(value.detach())
            name = "parameter" if isinstance(value, nn.Parameter) else "tensor"
            return [name, len(self.tensors) - 1, value.requires_grad and value.is_leaf]
        if isinstance(value, torch.Generator):
            self.tensors.append(value.get_state())
            return ["generator", len(self.tensors) - 1]
        if isinstance(value, torch.Size | tuple) and type(value) in (torch.Size, tuple):
            return ["tuple", [self._value(item) for item in value]]
        if type(value) in _SEQUENCES.values():
            limit = value.maxlen if isinstance(value, deque) else None
            return [type(value).__name__, [self._value(item) for item in value], limit]
        if type(value) in (dict, OrderedDict, defaultdict):
            items = [(self._value(key), self._value(item)) for key, item in value.items()]
            factory = getattr(value, "default_factory", None)
            return [type(value).__name__, items, getattr(factory, "__name__", None)]
        if isinstance(value, Enum):
            return ["enum", _name(type(value)), value.name]
        if isinstance(value, torch.device | torch.dtype):
            return [type(value).__name__, str(value)]
        if isinstance(value, np.ndarray):
            self.tensors.append(torch.from_numpy(value))
            return ["array", len(self.tensors) - 1]
        if _is_plain_object(value):
            attributes = self.scope.attributes(value)
            return ["object", _name(type(value)), [(n, self._value(v)) for n, v in attributes]]
        return ["fresh"]  # functions, classes, modules, devices: the fresh root has them


class _Restore:
    def __init__(self, state: State, scope: Scope) -> None:
        self.nodes, self.tensors = state["nodes"], state["tensors"]
        self.scope = scope
        self.codecs = {_name(kind): codec for kind, codec in scope.codecs.items()}
        self.made: dict[int, Any] = {}

    def value(self, stored: Any, fresh: Any, path: str) -> Any:
        return self.node(stored[0], fresh, path) if isinstance(stored, tuple) else stored

    def node(self, number: int, fresh: Any, path: str) -> Any:
        """The object of a node.

        Args:
            number: of the node.
            fresh: what the fresh root has in its place, `_MISSING` if nothing.
            path: to it, for messages.
        """
        if number in self.made:
            return self.made[number]
        kind, *rest = self.nodes[number]
        found = getattr(self, f"_{kind}")(number, fresh, path, *rest)
        self.made[number] = found
        return found

    def _fresh(self, number: int, fresh: Any, path: str) -> Any:
        if fresh is _MISSING:
            raise StateError(f"{path} is of a kind that cannot be stored")
        return fresh

    def _external(self, number: int, fresh: Any, path: str, name: str) -> Any:
        if name not in self.scope.external:
            raise StateError(f"{path} was {name}, which is not there")
        return self.scope.external[name]

    def _made(self, number: int, fresh: Any, path: str, name: str, parts: Any) -> Any:
        return self.codecs[name].make(self.value(parts, _MISSING, path))

    def _tensor(self, number: int, fresh: Any, path: str, at: int, learns: bool) -> Tensor:
        tensor: Tensor = self.tensors[at]
        return tensor.requires_grad_(learns) if learns else tensor

    def _parameter(self, number: int, fresh: Any, path: str, at: int, learns: bool) -> Tensor:
        if isinstance(fresh, nn.Parameter):  # optimizers and others may hold it
            fresh.data = self.tensors[at]
            fresh.grad = None
            return fresh.requires_grad_(learns)
        return nn.Parameter(self.tensors[at], requires_grad=learns)

    def _generator(self, number: int, fresh: Any, path: str, at: int) -> torch.Generator:
        generator = fresh if isinstance(fresh, torch.Generator) else torch.Generator()
        generator.set_state(self.tensors[at])
        return generator

    def _array(self, number: int, fresh: Any, path: str, at: int) -> np.ndarray[Any, Any]:
        array: np.ndarray[Any, Any] = self.tensors[at].numpy()
        return array

    def _device(self, number: int, fresh: Any, path: str, name: str) -> torch.device:
        return fresh if isinstance(fresh, torch.device) else torch.device(name)

    def _dtype(self, number: int, fresh: Any, path: str, name: str) -> torch.dtype:
        dtype: torch.dtype = getattr(torch, name.removeprefix("torch."))
        return dtype

    def _enum(self, number: int, fresh: Any, path: str, name: str, member: str) -> Any:
        return self._class(name, path)[member]

    def _tuple(self, number: int, fresh: Any, path: str, items: list[Any]) -> tuple[Any, ...]:
        values = self._items(items, fresh, path)
        return torch.Size(values) if isinstance(fresh, torch.Size) else tuple(values)

    def _list(self, number: int, fresh: Any, path: str, items: list[Any], _: None) -> list[Any]:
        target: list[Any] = fresh if type(fresh) is list else []
        self.made[number] = target
        target[:] = self._items(items, list(target), path)
        return target

    def _set(self, number: int, fresh: Any, path: str, items: list[Any], _: None) -> set[Any]:
        return set(self._items(items, _MISSING, path))

    def _deque(
        self, number: int, fresh: Any, path: str, items: list[Any], limit: int | None
    ) -> deque[Any]:
        return deque(self._items(items, _MISSING, path), maxlen=limit)

    def _dict(
        self, number: int, fresh: Any, path: str, items: list[Any], _: str | None
    ) -> dict[Any, Any]:
        return self._mapping(number, fresh, path, items, dict)

    def _OrderedDict(  # noqa: N802 - named after the class
        self, number: int, fresh: Any, path: str, items: list[Any], _: str | None
    ) -> dict[Any, Any]:
        return self._mapping(number, fresh, path, items, OrderedDict)

    def _defaultdict(
        self, number: int, fresh: Any, path: str, items: list[Any], factory: str | None
    ) -> dict[Any, Any]:
        def empty() -> dict[Any, Any]:
            if factory not in _FACTORIES:
                raise StateError(f"{path} has defaults that cannot be stored")
            return defaultdict(_FACTORIES[factory])

        return self._mapping(number, fresh, path, items, empty)

    def _mapping(
        self,
        number: int,
        fresh: Any,
        path: str,
        items: list[Any],
        empty: Callable[[], dict[Any, Any]],
    ) -> dict[Any, Any]:
        kind = self.nodes[number][0]
        target = fresh if type(fresh).__name__ == kind else empty()
        self.made[number] = target
        before = dict(target)
        target.clear()
        for stored_key, stored in items:
            key = self.value(stored_key, _MISSING, path)
            target[key] = self.value(stored, before.get(key, _MISSING), f"{path}[{key!r}]")
        return target

    def _object(self, number: int, fresh: Any, path: str, name: str, attributes: list[Any]) -> Any:
        target = fresh if _name(type(fresh)) == name else self._instance(name, path)
        self.made[number] = target
        for attribute, stored in attributes:
            before = _own(target, attribute)
            value = self.value(stored, before, f"{path}.{attribute}")
            if hasattr(target, "__dict__") and attribute not in _slots(type(target)):
                target.__dict__[attribute] = value  # not by __setattr__, which modules override
            else:
                object.__setattr__(target, attribute, value)
        return target

    def _instance(self, name: str, path: str) -> Any:
        """An instance without attributes of a class."""
        kind = self._class(name, path)
        try:
            made = object.__new__(kind)
        except TypeError as error:
            raise StateError(f"{path} cannot be made: {error}") from error
        if isinstance(made, nn.Module):
            nn.Module.__init__(made)  # its hooks, none
        return made

    def _class(self, name: str, path: str) -> Any:
        """A class that is loaded and allowed."""
        module, _, qualname = name.partition(":")
        kind: Any = sys.modules.get(module)
        if module.partition(".")[0] not in self.scope.packages or kind is None:
            raise StateError(f"{path} is a {qualname} of {module}, which is not to be made")
        for part in qualname.split("."):
            kind = getattr(kind, part, None)
        if not isinstance(kind, type):
            raise StateError(f"{path} is a {qualname}, which {module} does not have")
        return kind

    def _items(self, items: list[Any], fresh: Any, path: str) -> list[Any]:
        known = list(fresh) if isinstance(fresh, list | tuple) else []
        known += [_MISSING] * (len(items) - len(known))
        return [
            self.value(stored, known[place], f"{path}[{place}]")
            for place, stored in enumerate(items)
        ]


def _is_plain_object(value: object) -> bool:
    """Whether an object is what its attributes are, and nothing that only runs."""
    kind = type(value)
    if isinstance(value, type) or kind.__module__ == "builtins" or _is_function(value):
        return False
    return hasattr(value, "__dict__") or bool(_slots(kind))


def _is_function(value: object) -> bool:
    """Whether a value is a function of some kind, bound or not."""
    return callable(value) and type(value).__module__ in ("builtins", "functools", "types")


def _slots(kind: type) -> set[str]:
    return {name for one in kind.__mro__ for name in getattr(one, "__slots__", ())}


def _own(value: Any, attribute: str) -> Any:
    own = getattr(value, "__dict__", {})
    if attribute in own:
        return own[attribute]
    return getattr(value, attribute, _MISSING) if attribute in _slots(type(value)) else _MISSING


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
