"""What a plugin's backbone has to be, found out before anything is trained on it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from harness.config.networks import register_network
from harness.experiment.backbones import BackboneError, Backbones

pytestmark = pytest.mark.usefixtures("registrations")


class HeadFirst(nn.Module):
    """Its output layer is registered before the layers in front of it."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(8, outputs)
        self.body = nn.Linear(6, 8)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(x).relu())
        return logits


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (HeadFirst, "network outside: .* assign head last in __init__"),
        (lambda outputs: nn.Linear(6, 3), r"it makes \(2, 3\) logits where \(2, 4\) are needed"),
        (lambda outputs: nn.Linear(5, outputs), r"it cannot take inputs of shape \(2, 6\): "),
    ],
)
def test_what_no_method_can_be_compared_on_is_refused(
    layers: type[nn.Module], message: str
) -> None:
    register_network("outside", input_shape=(6,))(lambda outputs, norm: layers(outputs))
    with pytest.raises(BackboneError, match=message):
        Backbones("outside", 4, seed=0, device=torch.device("cpu")).check(torch.zeros(2, 6))


def test_a_check_draws_no_numbers_and_no_network() -> None:
    register_network("outside", input_shape=(6,))(
        lambda outputs, norm: nn.Sequential(nn.Linear(6, outputs), nn.Dropout())
    )
    checked, unchecked = (
        Backbones("outside", 4, seed=0, device=torch.device("cpu")) for _ in range(2)
    )
    before = torch.random.get_rng_state()
    checked.check(torch.zeros(2, 6))
    assert torch.equal(torch.random.get_rng_state(), before)
    one, other = (made().get_parameter("0.weight") for made in (checked, unchecked))
    assert torch.equal(one, other)
