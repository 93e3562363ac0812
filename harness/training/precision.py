"""bfloat16 for matrix products and convolutions, on processors with units for it and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

_PRODUCTS: Final = (
    torch.ops.aten.convolution.default,
    torch.ops.aten.convolution_backward.default,
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.bmm.default,
    torch.ops.aten.baddbmm.default,
)


@contextmanager
def mixed_precision(device: torch.device, precision: str) -> Iterator[None]:
    """Autocast to bfloat16 where `precision` says so, none where it is float32.

    A processor without bfloat16 units gets the same numbers from `WidenedProducts`: there torch's
    own kernels take ten times as long as float32.
    """
    mixed = precision == "bfloat16"
    slow = mixed and device.type == "cpu" and not _has_bfloat16_units()
    # a cache of cast weights would last for the context, and no step of training would change them
    with (
        torch.autocast(device.type, torch.bfloat16, enabled=mixed, cache_enabled=False),
        WidenedProducts() if slow else nullcontext(),  # type: ignore[no-untyped-call]
    ):
        yield


def _has_bfloat16_units() -> bool:
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)  # absent on a Mac
    return supported is not None and supported()


class WidenedProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Products of bfloat16 tensors as bfloat16 units make them, by way of float32.

    The units multiply bfloat16 numbers exactly, add in float32 and round the sum. Operands widened
    to float32 and results rounded are the same but for the order of the sum.
    """

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call `func`, a product of bfloat16 tensors in float32."""
        if func not in _PRODUCTS or args[0].dtype != torch.bfloat16:
            return func(*args, **(kwargs or {}))
        wide = func(*tree_map_only(Tensor, Tensor.float, args), **(kwargs or {}))
        return tree_map_only(Tensor, Tensor.bfloat16, wide)
