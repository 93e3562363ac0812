"""Detection of buffers that change in training although all tasks share them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from torch import Tensor, nn


class ConstantBuffers:
    """The buffers of a module that must not change, or finished tasks would be forgotten.

    A change is seen by the identity of a buffer and by the number of operations in place on it, so
    that looking costs nothing.

    Args:
        module: any module.
        excepted: buffers that may change, such as those with a value for each task.
    """

    def __init__(self, module: nn.Module, excepted: Iterable[Tensor]) -> None:
        known = {id(tensor) for tensor in excepted}
        self._places = [
            (path, owner, name)
            for path, owner in module.named_modules()
            for name, buffer in owner.named_buffers(recurse=False)
            if id(buffer) not in known
        ]
        self.remember()

    def remember(self) -> None:
        """Take the buffers as they are now for unchanged."""
        self._remembered = list(self._states())

    def check(self) -> None:
        """Raise an error if a buffer has changed.

        Raises:
            RuntimeError: it has; it is named.
        """
        now = self._states()
        for (path, owner, name), before, after in zip(
            self._places, self._remembered, now, strict=True
        ):
            if before != after:
                place = f"{path}.{name}".lstrip(".")
                raise RuntimeError(
                    f"{place} ({type(owner).__name__}) changes in training, and all tasks share "
                    "it, so that finished ones would be forgotten; keep it fixed while training, "
                    "or count what it counts in a BatchNorm"
                )

    def _states(self) -> Iterator[tuple[int, int]]:
        for _, owner, name in self._places:
            buffer = owner._buffers[name]
            yield id(buffer), -1 if buffer is None else buffer._version
