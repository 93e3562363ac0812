"""Per-example gradients against a backward pass for each example alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from avalanche.models import MultiTaskModule
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.components.batches import Batch
from baselines.components.per_example_gradients import mean_over_examples

N = 9


def summed_loss(logits: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(logits, y, reduction="sum")


def squared_norm(logits: Tensor, y: Tensor) -> Tensor:
    return logits.square().sum()


def images(channels: int) -> Tensor:
    return torch.randn(N, channels, 8, 8, generator=torch.Generator().manual_seed(1))


def batches(x: Tensor, *sizes: int) -> list[Batch]:
    cuts = list(sizes or (5, 4))
    parts = zip(torch.split(x, cuts), torch.split(torch.arange(len(x)) % 3, cuts), strict=True)
    return [(a, b, torch.zeros(len(b), dtype=torch.long)) for a, b in parts]


def one_at_a_time(
    model: nn.Module,
    x: Tensor,
    objective: Callable[[Tensor, Tensor], Tensor],
    of: Callable[[Tensor], Tensor],
) -> dict[str, Tensor]:
    """The mean by the definition."""
    model.eval()
    weights = dict(model.named_parameters())
    total = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for example, y in zip(x, torch.arange(len(x)) % 3, strict=True):
        loss = objective(model(example[None]), y[None])
        gradients = torch.autograd.grad(loss, list(weights.values()))
        for value, gradient in zip(total.values(), gradients, strict=True):
            value += of(gradient) / len(x)
    return total


def mlp() -> nn.Sequential:
    layers = [nn.Flatten(), nn.Linear(64, 7), nn.BatchNorm1d(7), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(7, 3, bias=False))


def cnn() -> nn.Sequential:
    """Strides, dilation, groups, biases, a place alone, work in place."""
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 4, (3, 2), stride=(2, 1), padding=(0, 1), dilation=(1, 2)),
        nn.GroupNorm(2, 4),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 8, 3, padding=1, groups=2),
        nn.Conv2d(8, 5, 3, padding="same"),
        nn.AdaptiveAvgPool2d(3),
        nn.Conv2d(5, 6, 3),
        nn.Flatten(),
        nn.LayerNorm(6),
        nn.Linear(6, 3),
    )


class Attending(nn.Module):
    """Linear layers at several places."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.second(self.first(x.flatten(1, 2)).tanh().mean(1))
        return logits


@pytest.mark.parametrize("objective", [summed_loss, squared_norm])
@pytest.mark.parametrize("of", [torch.square, torch.abs])
@pytest.mark.parametrize("make", [mlp, cnn, Attending])
def test_they_are_those_of_a_backward_pass_for_each_example(
    make: Callable[[], nn.Module],
    of: Callable[[Tensor], Tensor],
    objective: Callable[[Tensor, Tensor], Tensor],
) -> None:
    torch.manual_seed(0)
    model = make()
    x = images(2 if make is cnn else 1)
    model(x)  # BatchNorm's statistics are no longer those of the start
    fast = mean_over_examples(model, batches(x), objective, of)
    slow = one_at_a_time(model, x, objective, of)
    assert fast.keys() == slow.keys()
    for name, value in slow.items():
        torch.testing.assert_close(fast[name], value, rtol=1e-4, atol=1e-6)


def test_it_leaves_no_trace() -> None:
    torch.manual_seed(0)
    model = cnn().train()
    model[4].eval()
    weights = list(model.parameters())
    weights[0].grad = torch.ones_like(weights[0])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    mean_over_examples(model, batches(images(2)), summed_loss, torch.square)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [m.training for m in model] == [module is not model[4] for module in model]
    assert weights[0].grad.eq(1).all()
    assert all(weight.grad is None for weight in weights[1:])
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.equal(torch.get_rng_state(), state)


def test_it_is_the_same_in_batches_of_any_size_and_under_autocast() -> None:
    torch.manual_seed(0)
    model = cnn()
    whole = mean_over_examples(model, batches(images(2), 9), squared_norm, torch.abs)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        parts = batches(images(2), 1, 3, 5)
        cut = mean_over_examples(model, parts, squared_norm, torch.abs)
    for name, value in whole.items():
        torch.testing.assert_close(cut[name], value)


class Heads(MultiTaskModule):
    """An output layer for each of two tasks; passes the examples of each apart."""

    def __init__(self) -> None:
        super().__init__()
        layers = [nn.Flatten(), nn.Linear(64, 7), nn.BatchNorm1d(7), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers)
        self.heads = nn.ModuleList([nn.Linear(7, 3), nn.Linear(7, 3)])

    def forward(self, x: Tensor, task_labels: Tensor) -> Tensor:
        logits = x.new_empty(len(x), 3)
        for label in torch.unique(task_labels).tolist():
            own = task_labels == label
            logits[own] = self.heads[label](self.body(x[own]))
        return logits


def test_frozen_weights_and_other_tasks_heads_have_none() -> None:
    torch.manual_seed(0)
    model = Heads()
    model.body.get_parameter("1.weight").requires_grad_(False)
    found = mean_over_examples(model, batches(images(1)), summed_loss, torch.square)
    body = {"body.1.bias", "body.2.weight", "body.2.bias"}
    assert found.keys() == body | {"heads.0.weight", "heads.0.bias"}


def test_a_batch_may_have_examples_of_several_tasks() -> None:
    torch.manual_seed(0)
    model = Heads()
    x, y = images(1), torch.arange(N) % 3
    labels = torch.arange(N) % 2
    mixed = mean_over_examples(model, [(x, y, labels)], summed_loss, torch.square)
    parts = [(x[labels == task], y[labels == task], labels[labels == task]) for task in (0, 1)]
    apart = mean_over_examples(model, parts, summed_loss, torch.square)
    assert mixed.keys() == apart.keys() == {name for name, _ in model.named_parameters()}
    for name, value in apart.items():
        torch.testing.assert_close(mixed[name], value)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 64)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layer(self.layer(x.flatten(1)))
        return logits


class Tied(nn.Module):
    """The weight of one layer in the product of another."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 64, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.layer.weight


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Twice, "used several times"),
        (Tied, r"layer\.weight is used outside"),
    ],
)
def test_weights_that_are_used_in_other_ways_are_refused(
    make: Callable[[], nn.Module], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        mean_over_examples(make(), batches(images(1)), summed_loss, torch.square)
