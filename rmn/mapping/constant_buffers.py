"""Detection of buffers that change in training although all tasks share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from rmn.mapping.seal import Seal


class ConstantBuffers:
    """The buffers of a module that must not change, or finished tasks would be forgotten.

    Their values are compared, since a forward can write to a buffer in ways that leave no trace on
    it, or put another one in its place.

    Args:
        module: any module.
        excepted: gives the buffers of a module that may change, such as those with a value for
            each task.
    """

    def __init__(
        self, module: nn.Module, excepted: Callable[[nn.Module], Iterable[Tensor]]
    ) -> None:
        self._module = module
        self._excepted = excepted
        self.remember(is_first_task=True)

    def remember(self, *, is_first_task: bool) -> None:
        """Take the buffers as they are now for unchanged.

        Args:
            is_first_task: whether no task is finished, so that a buffer without a value yet may be
                given one, which it then has to keep.
        """
        self._may_be_given = is_first_task
        self._seals = {
            place: None if buffer is None else Seal(_values(buffer))
            for place, _, buffer in self._buffers()
        }

    def check(self) -> None:
        """Raise an error if a buffer has changed.

        Raises:
            RuntimeError: it has; it is named.
        """
        for place, owner, buffer in self._buffers():
            seal = self._seals.get(place)
            if seal is None and buffer is not None and self._may_be_given:
                self._seals[place] = Seal(_values(buffer))
            elif not _fits(seal, buffer):
                raise RuntimeError(
                    f"{place} ({type(owner).__name__}) changes in training, and all tasks share "
                    "it, so that finished ones would be forgotten; keep it fixed while training, "
                    "or count what it counts in a BatchNorm"
                )

    def _buffers(self) -> Iterator[tuple[str, nn.Module, Tensor | None]]:
        """The buffers that the module has now by their names, each with its owner."""
        excepted = {id(tensor) for tensor in self._excepted(self._module)}
        for path, owner in self._module.named_modules():
            for name, buffer in owner._buffers.items():
                if id(buffer) not in excepted:
                    yield f"{path}.{name}".lstrip("."), owner, buffer


def _fits(seal: Seal | None, buffer: Tensor | None) -> bool:
    if seal is None or buffer is None:
        return seal is None and buffer is None
    return seal.fits(_values(buffer))


def _values(buffer: Tensor) -> Tensor:
    """The values of a buffer; of a sparse one those that it stores."""
    if buffer.layout is torch.strided:
        return buffer
    return buffer._values() if buffer.layout is torch.sparse_coo else buffer.values()
