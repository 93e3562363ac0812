"""Modules of any kind, some of whose tensors have another value for each task.

The module stays the object that it is, with its own forward, attributes and hooks. Its class
becomes a subclass in which the tensors are properties, so that whoever reads one, as `self.weight`
or as `network.fc.weight`, gets the value under the selected task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Final, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.tasks.buffers import resize_buffers
from rmn.tasks.convolution import Convolution
from rmn.tasks.mixture import mix_scales_and_shifts
from rmn.tasks.task_module import TaskModule

GivenValue = Callable[[int | None], Tensor]
"""A tensor's value as a function of the task; None for the live task."""

_FINISHED: Final = "finished_"


class ValuesPerTask(TaskModule):
    """The part of a module's class that chooses among the values; `give_values_per_task` adds it.

    The live value of a tensor is the parameter or the buffer that it was. For each finished task
    there is a row in the buffer `finished_<name>`.

    Attributes:
        own_class: the class that the module had.
        kept_names: names of the tensors whose values are kept here.
        given_values: values that are kept elsewhere, by the name of the tensor.
        first_values: value with which each task begins, by the name of the tensor; a number where
            all entries are the same. Empty if each task begins with newly drawn values.
    """

    own_class: ClassVar[type[nn.Module]]
    kept_names: tuple[str, ...]
    given_values: dict[str, GivenValue]
    first_values: dict[str, Tensor | float]

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """What the module's own class computes, under the selected task or mixture.

        Raises:
            NotImplementedError: a mixture is selected, and the module has more than one input.
        """
        if self.mixture is None or self._modules:
            return super().forward(*inputs, **keywords)
        if len(inputs) != 1 or keywords:
            raise NotImplementedError(_no_mixture(self, "has several inputs"))
        return self.forward_mixture(inputs[0], self.mixture)

    def forward_task(self, x: Any, task: int | None) -> Any:
        """What the module's own class computes under one task.

        Args:
            x: the input.
            task: index of a finished task; None for the live task.
        """
        with self._selected(task):
            return super().forward(x)

    def forward_mixture(self, x: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum of the tasks' outputs, at the cost of one task where that can be.

        Args:
            x: inputs, (n, ...).
            weights: mixture weights, the same row for each input, (n, tasks).

        Raises:
            NotImplementedError: the output is not one tensor.
        """
        own: Any = self  # of the class that it had as well
        if self._is_a(nn.Conv2d) and own.bias is None and own.padding_mode == "zeros":
            convolution = Convolution.of(own)
            output = convolution.mixture(x, weights, lambda task: self._value("weight", task))
            if output is not None:
                return output
        if self._is_a(_BatchNorm) and {"weight", "running_var"} <= set(self.kept_names):
            names = ("weight", "bias", "running_mean", "running_var")
            weight, bias, mean, variance = (self.get_buffer(_FINISHED + name) for name in names)
            scale = weight / (variance + own.eps).sqrt()
            return mix_scales_and_shifts(x, weights, scale, bias - mean * scale)
        try:
            return super().forward_mixture(x, weights)
        except (AttributeError, TypeError) as error:
            raise NotImplementedError(_no_mixture(self, "has no single output")) from error

    @torch.no_grad()
    def begin_task(self) -> None:
        """Give each live tensor the value with which tasks begin."""
        if not self.first_values and self.kept_names:
            cast(Any, self).reset_parameters()
        for name, first in self.first_values.items():
            live = self._live(name)
            live.copy_(first) if isinstance(first, Tensor) else live.fill_(first)

    @torch.no_grad()
    def finish_task(self) -> None:
        """Append the live values to those of the finished tasks."""
        for name in self.kept_names:
            rows = self.get_buffer(_FINISHED + name)
            self._buffers[_FINISHED + name] = torch.cat([rows, self._live(name)[None]])

    def task_tensors(self, task: int) -> list[Tensor]:
        """The values of a finished task, and tensors that are the same for all tasks."""
        rows = [self.get_buffer(_FINISHED + name)[task] for name in self.kept_names]
        return [*rows, *self._constants()]

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """The values of the finished tasks, and tensors that are the same for all tasks.

        Args:
            live: whether to add the live values.
        """
        rows = [self.get_buffer(_FINISHED + name) for name in self.kept_names]
        added = [self._live(name).detach().clone() for name in self.kept_names] if live else []
        return [*rows, *added, *self._constants()]

    def inner_modules(self) -> Iterable[nn.Module]:
        """The module's own children."""
        return self.children()

    def changing_buffers(self) -> Iterator[Tensor]:
        """Own buffers that differ from task to task or change within one."""
        for name, buffer in self.named_buffers(recurse=False):
            if name in self._changing():
                yield buffer

    def get_extra_state(self) -> dict[str, Any]:
        """What `state_dict` stores beside tensors."""
        state: dict[str, Any] = {"first": self.first_values}
        if self.own_class.get_extra_state is not nn.Module.get_extra_state:
            state["own"] = super().get_extra_state()
        return state

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_extra_state` returned."""
        self.first_values = dict(state["first"])
        if "own" in state:
            super().set_extra_state(state["own"])

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Copy and pickle by the module's own class: this one has no name that can be imported."""
        names = (*self.kept_names, *self.given_values)
        state = self.__getstate__()  # type: ignore[no-untyped-call]
        return _bare_instance, (self.own_class, names), state

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        resize_buffers(self, [_FINISHED + name for name in self.kept_names], state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _live(self, name: str) -> Tensor:
        live = self._parameters.get(name)
        found = self._buffers[name] if live is None else live
        assert found is not None
        return found

    def _constants(self) -> Iterator[Tensor]:
        for name, buffer in self.named_buffers(recurse=False):
            if name not in self._changing():
                yield buffer

    def _changing(self) -> set[str]:
        return {
            *self.kept_names,
            *self.first_values,
            *(_FINISHED + name for name in self.kept_names),
        }

    def _value(self, name: str, task: int | None) -> Tensor:
        if name in self.given_values:
            return self.given_values[name](task)
        if task is None:
            return self._live(name)
        rows = self._buffers[_FINISHED + name]  # get_buffer would look for a submodule first
        assert rows is not None
        return rows[task]

    def _is_a(self, kind: type[nn.Module]) -> bool:
        """Whether the module is of one of PyTorch's own kinds, with nothing added to it."""
        own = self.own_class
        return issubclass(own, kind) and own.__module__.startswith("torch.nn.")

    @contextmanager
    def _selected(self, task: int | None) -> Iterator[None]:
        before = self.task, self.mixture
        self.task, self.mixture = task, None
        try:
            yield
        finally:
            self.task, self.mixture = before


def give_values_per_task(
    module: nn.Module,
    *,
    kept: Sequence[str] = (),
    restarted: Sequence[str] = (),
    given: Mapping[str, GivenValue] | None = None,
    redrawn: bool = False,
) -> None:
    """Let some tensors of a module have another value for each task; changes the module in place.

    Args:
        module: any module that is no `TaskModule` yet.
        kept: names of own parameters and buffers whose values are kept in the module. Each task
            begins with the value that they have now.
        restarted: names of buffers that only learning needs: each task begins with the value that
            they have now, and none is stored.
        given: values that are kept elsewhere, by the names of own parameters; these are removed.
        redrawn: whether each task begins with what the module's `reset_parameters` draws.
    """
    given = dict(given or {})
    for name in given:
        del module._parameters[name]
    module.__dict__.pop("_flat_weights", None)  # of recurrent layers, a property from now on
    module.__class__ = _subclass(cast(Any, type(module)), (*kept, *given))
    assert isinstance(module, ValuesPerTask)
    module.kept_names, module.given_values = tuple(kept), given
    begun = () if redrawn else (*kept, *restarted)
    module.first_values = {name: _number_or_copy(module._live(name)) for name in begun}
    for name in kept:
        live = module._live(name).detach()
        module.register_buffer(_FINISHED + name, live.new_empty(0, *live.shape))


def names_in_use(module: nn.Module) -> set[str]:
    """Attributes of a module whose names `ValuesPerTask` needs for its own."""
    own = (*vars(ValuesPerTask), *vars(TaskModule), *ValuesPerTask.__annotations__)
    needed = {name for name in own if not name.startswith("__")} - {"forward"}
    return {name for name in needed - set(dir(nn.Module)) if hasattr(module, name)}


@cache
def _subclass(own: Any, names: tuple[str, ...]) -> type[nn.Module]:
    members: dict[str, Any] = {name: _property(name) for name in names}
    members |= {"__module__": ValuesPerTask.__module__, "own_class": own}
    if issubclass(own, nn.RNNBase):
        members |= _recurrent_members()
    return type(f"{own.__name__}PerTask", (ValuesPerTask, own), members)


def _bare_instance(own: type[nn.Module], names: tuple[str, ...]) -> nn.Module:
    """An instance without attributes, for `copy` and `pickle`."""
    kind = _subclass(cast(Any, own), names)
    return kind.__new__(kind)


def _property(name: str) -> property:
    """A tensor's value under the selected task."""

    def value(self: ValuesPerTask) -> Tensor:
        if self.mixture is not None:
            raise NotImplementedError(_no_mixture(self, f"is asked for its {name}"))
        return self._value(name, self.task)

    return property(value)


def _recurrent_members() -> dict[str, Any]:
    """Recurrent layers keep a list of their weights, which has to be made anew for each task.

    PyTorch remakes it when a layer is moved, copied or loaded, where no weight of a task is at hand
    in training mode.
    """

    def flat_weights(self: Any) -> list[Tensor]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def ignore(self: Any, value: Any) -> None:
        """Setting the list would have no effect."""

    def keep(self: Any) -> None:
        """The weights of a task are made for each forward pass; they cannot be laid out before."""

    def set_state(self: Any, state: dict[str, Any]) -> None:
        """Restore what `__getstate__` gives, which has no references to weights."""
        nn.Module.__setstate__(self, state | {"_flat_weight_refs": []})  # type: ignore[no-untyped-call]

    return {
        "_flat_weights": property(flat_weights, ignore),
        "_init_flat_weights": keep,
        "_update_flat_weights": keep,
        "flatten_parameters": keep,
        "__setstate__": set_state,
    }


def _number_or_copy(value: Tensor) -> Tensor | float:
    """The number that all entries are; a copy of the tensor if there are several, or none."""
    flat = value.detach().reshape(-1)
    if len(flat) and bool((flat == flat[0]).all()):
        return float(flat[0])
    return value.detach().clone()


def _no_mixture(module: ValuesPerTask, reason: str) -> str:
    return (
        "a rule that mixes tasks by gradient cannot mix the outputs of a "
        f"{module.own_class.__name__} that {reason}; "
        "use a rule of logits, such as convert(..., rule='max-logit')"
    )
