"""Where gates are inserted, and what cannot be gated."""

import pytest
import torch
from torch import nn

from baselines.components.hat.gate import Gate
from baselines.components.hat.gate_insertion import insert_gates
from harness.training.networks import mlp, resnet18
from rmn.tasks.layers import TaskBatchNorm, TaskHead


def test_gates_follow_activations() -> None:
    original = mlp(10)
    gated = insert_gates(original, 400.0)
    kinds = [type(layer) for layer in gated.body.children()]
    assert kinds == [nn.Flatten, *3 * [nn.Linear, TaskBatchNorm, nn.ReLU, Gate], TaskHead]
    assert [layer.inputs for layer in gated.layers] == [None, *gated.gates[:-1]]
    assert [layer.outputs for layer in gated.layers] == gated.gates
    assert isinstance(original[-1], nn.Linear)  # the original is left as it was


def test_every_convolution_of_a_resnet_lies_between_gates() -> None:
    gated = insert_gates(resnet18(5), 400.0)
    convolutions = [layer for layer in gated.body.modules() if isinstance(layer, nn.Conv2d)]
    assert {layer.layer for layer in gated.layers} == set(convolutions)
    gates = [layer for layer in gated.body.modules() if isinstance(layer, Gate)]
    assert set(gates) == set(gated.gates)
    assert len(gates) == 1 + 2 * 8  # the stem, and two for each block
    assert gated.body(torch.rand(2, 3, 32, 32)).shape == (2, 5)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.Linear(2, 2), nn.LayerNorm(2), nn.Linear(2, 2)], r"layer 1 \(LayerNorm"),
        ([nn.Linear(2, 2), nn.PReLU(), nn.Linear(2, 2)], r"layer 1 \(PReLU\)"),
        ([nn.Linear(2, 2), nn.ReLU()], "Linear layer at the end"),
        (
            [nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)],
            "ReLU between layer 1",
        ),
        ([nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)], "ReLU between layer 2"),
        ([nn.Linear(2, 2), nn.ReLU(), nn.ReLU(), nn.Linear(2, 2)], "right before ReLU 2"),
    ],
)
def test_what_cannot_be_gated_is_named(layers: list[nn.Module], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        insert_gates(nn.Sequential(*layers), 400.0)


def test_another_kind_of_network_is_named() -> None:
    with pytest.raises(ValueError, match="ModuleList"):
        insert_gates(nn.ModuleList([nn.Linear(2, 2)]), 400.0)
