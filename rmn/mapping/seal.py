"""Detection of changes to values that finished tasks are computed from."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from rmn.tasks.fingerprint import fingerprint


class Seal:
    """Tells whether values are still those that it was made of, of which it keeps a digest alone.

    Values that were cast to another type since, as by `network.double()`, are taken for unchanged,
    and sealed anew.

    Args:
        values: any tensor.
    """

    def __init__(self, values: Tensor) -> None:
        self._place: tuple[int, int] | None = None
        self._close(values)

    def fits(self, values: Tensor) -> bool:
        """Whether the values are the same.

        Args:
            values: as they are now.
        """
        if values.dtype != self._dtype:
            self._close(values)
        return fingerprint([values]).hex() == self._digest

    def fits_where(self, tensor: Tensor, values: Callable[[], Tensor]) -> bool:
        """`fits`, at no cost where nothing has been written to a tensor since it was last asked.

        What was written past autograd, to `tensor.data`, is overlooked here.

        Args:
            tensor: where the values come from.
            values: gives them.
        """
        place = tensor.data_ptr(), -1 if tensor.is_inference() else tensor._version
        if place == self._place:
            return True
        fits = self.fits(values())
        self._place = place if fits else None
        return fits

    def _close(self, values: Tensor) -> None:
        self._dtype, self._digest = values.dtype, fingerprint([values]).hex()
