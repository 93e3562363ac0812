"""Seals against changes that were made in each way there is."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rmn.mapping.seal import Seal

CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "in place": lambda x: x.add_(1),
    "of one bit": lambda x: x.copy_(x.view(torch.int32).bitwise_xor(1).view(torch.float32)),
    "in another order": lambda x: x.copy_(x.flip(0)),
    "another tensor": lambda x: x + 1,
}
KEPT: dict[str, Callable[[Tensor], Tensor]] = {
    "nothing": lambda x: x,
    "the same in place": lambda x: x.mul_(1),
    "a copy": lambda x: x.clone(),
    "a cast": lambda x: x.double(),
}


@pytest.mark.parametrize("change", [*CHANGES, *KEPT])
def test_a_seal_fits_the_same_values_alone(change: str) -> None:
    x = torch.arange(5.0) + 1
    seal = Seal(x)
    assert seal.fits(x)
    assert seal.fits_where(x, lambda: x)
    changed = (CHANGES | KEPT)[change](x)
    for _ in range(2):  # a change is not forgotten once it was found
        assert seal.fits(changed) == (change in KEPT)
        assert seal.fits_where(changed, lambda: changed) == (change in KEPT)


def test_values_are_looked_at_only_where_something_was_written() -> None:
    x, asked = torch.ones(3), list[Tensor]()

    def values() -> Tensor:
        asked.append(x)
        return x

    seal = Seal(x)
    for _ in range(3):
        assert seal.fits_where(x, values)
    assert len(asked) == 1
    x.data.add_(1)  # leaves no trace
    assert seal.fits_where(x, values)
    assert not seal.fits(x)


def test_a_cast_is_sealed_anew() -> None:
    x = torch.rand(3)
    seal = Seal(x)
    half = x.half()
    assert seal.fits(half)
    assert not seal.fits(half + 1)
