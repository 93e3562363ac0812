"""Gates by hand (Serra et al. 2018, Equations 1 and 2)."""

import math

import pytest
import torch

from baselines.components.hat.gate import Gate


def test_gates_by_hand() -> None:
    gate = Gate(3, smax=4.0)
    gate.embedding.data = torch.tensor([0.0, 1.0, -1.0])
    expected = [1 / (1 + math.exp(-4 * e)) for e in (0, 1, -1)]
    torch.testing.assert_close(gate.gates(), torch.tensor(expected))
    assert gate.cumulative().tolist() == [0, 0, 0]
    gate.finish_task()
    gate.embedding.data = torch.tensor([1.0, -1.0, -1.0])
    gate.finish_task()
    largest = [expected[1], expected[1], expected[2]]
    torch.testing.assert_close(gate.cumulative(), torch.tensor(largest))


def test_finished_gates_are_at_the_largest_scale() -> None:
    gate = Gate(2, smax=4.0)
    gate.embedding.data = torch.tensor([0.5, -0.5])
    gate.scale = 0.1
    gate.finish_task()
    assert gate.scale == 4.0
    torch.testing.assert_close(gate.finished[0], torch.sigmoid(torch.tensor([2.0, -2.0])))


@pytest.mark.parametrize("size", [(), (2, 5)])
def test_units_are_multiplied_by_their_gates(size: tuple[int, ...]) -> None:
    gate = Gate(3, smax=1.0)
    gate.finish_task()
    gate.begin_task()
    x = torch.rand(4, 3, *size)
    for task, values in ((None, gate.gates()), (0, gate.finished[0])):
        output = gate.forward_task(x, task)
        for unit in range(3):
            torch.testing.assert_close(output[:, unit], x[:, unit] * values[unit])
    assert gate.forward_task(x.bfloat16(), 0).dtype == torch.bfloat16
