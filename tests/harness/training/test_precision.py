"""bfloat16 without bfloat16 units, against torch's own kernels for it and against float64."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from harness.training.precision import WidenedProducts, mixed_precision


def learn(context: AbstractContextManager[Any], dtype: torch.dtype) -> list[Tensor]:
    """Logits, and gradients of inputs and weights, of a small network under a context."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, stride=2, groups=2),
        nn.Flatten(),
        nn.Linear(8 * 3 * 3, 5),
    )
    x = torch.randn(16, 3, 8, 8, requires_grad=True)
    with torch.autocast("cpu", dtype, enabled=dtype == torch.bfloat16), context:
        logits = network(x)
        assert logits.dtype == dtype
        F.cross_entropy(logits.float(), torch.arange(16) % 5).backward()  # type: ignore[no-untyped-call]
    gradients = [tensor.grad for tensor in (x, *network.parameters())]
    return [logits.detach().float(), *(grad for grad in gradients if grad is not None)]


def distance(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


def test_a_network_learns_as_with_bfloat16_kernels() -> None:
    widened = learn(WidenedProducts(), torch.bfloat16)  # type: ignore[no-untyped-call]
    native = learn(nullcontext(), torch.bfloat16)
    unrounded = learn(nullcontext(), torch.float32)
    assert len(widened) == len(native) == 9  # no gradient is missing
    assert max(map(distance, widened, native)) < 0.01
    assert max(map(distance, widened, unrounded)) > 0.02


def test_sums_are_rounded_once() -> None:
    x, weight = torch.randn(32, 500).bfloat16(), torch.randn(64, 500).bfloat16()
    with WidenedProducts():  # type: ignore[no-untyped-call]
        found = F.linear(x, weight)
    expected = F.linear(x.double(), weight.double()).bfloat16()
    assert found.dtype == torch.bfloat16
    assert (found == expected).float().mean() > 0.99  # sums near the middle of two numbers
    torch.testing.assert_close(found, expected, rtol=2**-7, atol=0.01)


def test_what_is_measured_in_float32_within_stays_so() -> None:
    x, weight = torch.randn(32, 500), torch.randn(64, 500)
    with mixed_precision(x.device, "bfloat16"), torch.autocast("cpu", enabled=False):
        found = F.linear(x, weight)
    assert torch.equal(found, F.linear(x, weight))
    with mixed_precision(x.device, "float32"):
        assert torch.equal(F.linear(x, weight), found)


@pytest.mark.parametrize(("units", "widened"), [(True, False), (False, True)])
def test_products_are_widened_where_there_are_no_units(
    units: bool, widened: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.training.precision._has_bfloat16_units", lambda: units)
    with mixed_precision(torch.device("cpu"), "bfloat16"):
        modes = _get_current_dispatch_mode_stack()
    assert [isinstance(mode, WidenedProducts) for mode in modes] == [True] * widened
