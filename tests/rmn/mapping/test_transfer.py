"""Which finished mask suits new data, and a live mask that begins from it."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from harness.training.networks import mlp
from rmn import RMN, convert
from rmn.mapping.transfer import Origin, most_suitable_task, probe_accuracy
from rmn.tasks.features import last_layer

Sets = list[tuple[Tensor, Tensor]]


def test_the_probe_learns_from_every_other_example_and_is_scored_on_the_rest() -> None:
    y = torch.tensor([7, 7, 3, 3, 7, 7, 3, 3])
    side = (y == 7).float() * 2 - 1
    assert probe_accuracy(side[:, None], y) == 1
    even = torch.arange(8) % 2 == 0
    turned = torch.where(even, side, -side)[:, None]  # what is learned is wrong of all others
    assert probe_accuracy(turned, y) == 0
    assert probe_accuracy(torch.zeros(8, 3), y) == 0.5


@pytest.mark.parametrize("width", [3, 200])
def test_the_probe_is_a_ridge_regression(width: int) -> None:
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(4, (60,), generator=generator)
    x = torch.randn(60, width, generator=generator, dtype=torch.float64) + 0.3 * y[:, None]
    known = torch.cat([x[::2], torch.ones(30, 1)], dim=1)
    penalty = 0.1 * known.square().sum(0).mean()
    weights = torch.linalg.inv(known.T @ known + penalty * torch.eye(width + 1)) @ (
        known.T @ torch.eye(4, dtype=torch.float64)[y[::2]]
    )
    predicted = (torch.cat([x[1::2], torch.ones(30, 1)], dim=1) @ weights).argmax(-1)
    expected = (predicted == y[1::2]).double().mean()
    assert probe_accuracy(x, y) == pytest.approx(float(expected))


@pytest.fixture(scope="module")
def learned(train_sets: Sets) -> tuple[RMN, list[Tensor]]:
    """Two tasks with the same digits in two orders of the pixels; these orders."""
    torch.manual_seed(0)
    x, y = (torch.cat(parts) for parts in zip(*train_sets, strict=True))
    orders = [torch.randperm(784) for _ in range(2)]
    model = convert(mlp(10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for label, order in enumerate(orders):
        model.begin_task(label, ())
        for rows in torch.split(torch.randperm(len(y)), 128):
            optimizer.zero_grad()
            loss = cross_entropy(model(reordered(x[rows], order)), y[rows])
            torch.autograd.backward(loss)
            optimizer.step()
            model.restore_frozen_weights()
        model.finish_task()
    return RMN(model=model, optimizer=optimizer), orders


def reordered(x: Tensor, order: Tensor) -> Tensor:
    return x.flatten(1)[:, order].view_as(x)


@pytest.mark.parametrize("task", [0, 1])
@pytest.mark.parametrize("training", [True, False])
def test_the_task_of_the_same_pixel_order_suits_best(
    learned: tuple[RMN, list[Tensor]], test_sets: Sets, task: int, training: bool
) -> None:
    model, orders = learned[0].model, learned[1]
    x, y = (torch.cat(parts) for parts in zip(*test_sets, strict=True))
    mixed = torch.randperm(len(y), generator=torch.Generator().manual_seed(1))[:512]
    before = [model.fingerprint(number) for number in range(2)]
    model.train(training)
    for size in (None, 100):
        found = most_suitable_task(
            model, reordered(x[mixed], orders[task]), y[mixed], batch_size=size
        )
        assert found == Origin(task, last_layer(model.body))
    assert model.training is training
    assert [model.fingerprint(number) for number in range(2)] == before


def test_modules_stay_in_the_mode_that_they_were_in(learned: tuple[RMN, list[Tensor]]) -> None:
    model = learned[0].model.train()
    kept = next(module for module in model.modules() if isinstance(module, nn.BatchNorm1d)).eval()
    before = [module.training for module in model.modules()]
    most_suitable_task(model, torch.randn(8, 1, 28, 28), torch.arange(8) % 2)
    assert [module.training for module in model.modules()] == before
    kept.train()


def test_a_mask_begins_from_another_but_for_the_last_layer(
    learned: tuple[RMN, list[Tensor]],
) -> None:
    model = learned[0].model
    model.begin_task(2, ())
    layers = model.relevance_layers()
    drawn = {name: layer.mapping.detach().clone() for name, layer in layers.items()}
    model.begin_from(Origin(1, last_layer(model.body)))
    *hidden, last = layers
    assert torch.equal(layers[last].mapping, drawn[last])
    for name in hidden:
        mapping = layers[name].mapping.detach()
        assert torch.equal(mapping > 0.5, layers[name].masks()[1])
        torch.testing.assert_close((mapping - 0.5).abs(), (drawn[name] - 0.5).abs())


class TimeFirst(nn.Module):
    """Its output layer is registered first, and is given another number of rows than examples."""

    def __init__(self) -> None:
        super().__init__()
        self.out, self.hidden = nn.Linear(8, 4), nn.Linear(5, 8)

    def forward(self, x: Tensor) -> Tensor:
        steps = self.hidden(x.transpose(0, 1)).relu()
        logits: Tensor = self.out(steps).mean(0)
        return logits


class ByName(TimeFirst):
    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(input=self.hidden(input=x).relu()).mean(1)
        return logits


@pytest.mark.parametrize("kind", [TimeFirst, ByName])
def test_the_output_layer_is_the_one_called_last_wherever_it_is_registered(
    kind: type[TimeFirst],
) -> None:
    torch.manual_seed(0)
    model = convert(kind())
    for task in range(2):
        model.begin_task(task, ())
        model.finish_task()
    origin = most_suitable_task(model, torch.randn(40, 3, 5), torch.randint(4, (40,)))
    assert origin.output_layer is model.body.out
    model.begin_task(2, ())
    layers = model.relevance_layers()
    drawn = layers["out"].mapping.detach().clone()
    model.begin_from(origin)
    assert torch.equal(layers["out"].mapping, drawn)
    assert torch.equal(layers["hidden"].live_mask(), layers["hidden"].masks()[origin.task])
