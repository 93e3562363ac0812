"""Per-example gradients of mixtures against plain autograd, one example at a time."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from rmn.tasks.mixture import per_example_kernel_gradients, with_per_example_gradient


def test_the_output_is_marked_and_keeps_its_own_gradient() -> None:
    torch.manual_seed(0)
    parts = torch.randn(3, 5, 4, dtype=torch.double)  # (tasks, n, d)
    x = torch.randn(5, 4, dtype=torch.double, requires_grad=True)
    weights = torch.full((5, 3), 1 / 3, dtype=torch.double, requires_grad=True)
    output = x * parts.mean(0)

    def gradient(x: Tensor, grad_output: Tensor) -> Tensor:
        return torch.einsum("tnd,nd->nt", parts, x * grad_output)

    marked = with_per_example_gradient(x, output, weights, gradient)
    assert torch.equal(marked, x * parts.mean(0))
    found = torch.autograd.grad(marked.square().sum(), (x, weights))
    slow = (torch.einsum("nt,tnd->nd", weights, parts) * x).square().sum()
    for ours, expected in zip(found, torch.autograd.grad(slow, (x, weights)), strict=True):
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding": (1, 1)},
        {"stride": (2, 1), "padding": (0, 2)},
        {"dilation": (2, 2)},
        {"groups": 2},
    ],
)
def test_kernel_gradients_are_those_of_each_example_alone(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    plain: dict[str, Any] = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    plain |= settings
    weight = torch.randn(6, 4 // plain["groups"], 3, 2, dtype=torch.double, requires_grad=True)
    x = torch.randn(3, 4, 8, 7, dtype=torch.double)
    output = F.conv2d(x, weight, None, **plain)
    grad_output = torch.randn_like(output)
    found = per_example_kernel_gradients(x, grad_output, (3, 2), **plain)
    for example in range(len(x)):
        (expected,) = torch.autograd.grad(
            output[example], weight, grad_output[example], retain_graph=True
        )
        torch.testing.assert_close(found[example], expected.flatten())
