"""Fingerprints: equal bits and nothing else give the same digest."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from rmn.tasks.fingerprint import fingerprint

VALUES = st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=6)


@given(VALUES, VALUES)
def test_it_is_the_same_for_the_same_bits_alone(one: list[float], other: list[float]) -> None:
    digests = [fingerprint([torch.tensor(values)]) for values in (one, other)]
    bits = [torch.tensor(values).view(torch.int32).tolist() for values in (one, other)]
    assert (digests[0] == digests[1]) == (bits[0] == bits[1])


def test_it_does_not_depend_on_the_layout_in_memory() -> None:
    x = torch.rand(2, 3, 4, 4)
    assert fingerprint([x]) == fingerprint([x.to(memory_format=torch.channels_last)])
    assert fingerprint([x.bool()]) != fingerprint([~x.bool()])


def test_it_depends_on_the_order_of_the_tensors() -> None:
    a, b = torch.rand(3), torch.rand(3)
    assert fingerprint([a, b]) != fingerprint([b, a])
    assert fingerprint(iter([a, b])) == fingerprint([a, b])
