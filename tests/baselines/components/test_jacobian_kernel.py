"""Kernels of outputs under uncertain weights, against Jacobians taken one at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.components.jacobian_kernel import jacobian_kernels


def test_a_kernel_is_the_jacobian_on_both_sides_of_the_variances() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(32, 4)
    ).eval()
    x = torch.randn(5, 1, 6, 6)
    variances = {name: torch.rand_like(weight) for name, weight in model.named_parameters()}

    def outputs(logits: Tensor) -> Tensor:
        return logits[:, 1:].softmax(1)

    found = jacobian_kernels(
        model, (x, torch.zeros(5), torch.zeros(5, dtype=torch.int64)), outputs, 3, variances
    )
    spread = torch.cat([variance.flatten() for variance in variances.values()])
    for output in range(3):
        rows = []
        for example in x:
            model.zero_grad()
            torch.autograd.backward(outputs(model(example[None]))[0, output])
            rows.append(
                torch.cat([w.grad.flatten() for w in model.parameters() if w.grad is not None])
            )
        jacobian = torch.stack(rows).double()
        expected = jacobian @ torch.diag(spread).double() @ jacobian.T
        assert torch.allclose(found[output], expected, rtol=1e-4, atol=1e-6)
