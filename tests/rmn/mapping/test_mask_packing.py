"""Packing of masks, against numpy."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from rmn.mapping.mask_packing import pack, unpack


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_packing_is_undone_at_one_bit_a_weight(bits: list[bool]) -> None:
    mask = torch.tensor(bits)
    packed = pack(mask)
    assert packed.dtype == torch.uint8
    assert packed.tolist() == np.packbits(bits).tolist()
    assert len(packed) == -(-len(bits) // 8)
    assert torch.equal(unpack(packed, len(bits)), mask)


def test_a_mask_of_any_shape_is_flattened() -> None:
    mask = torch.rand(3, 2, 5) > 0.5
    assert torch.equal(unpack(pack(mask), 30).reshape(mask.shape), mask)
