"""Variational continual learning as Avalanche plugins: the posterior is the next task's prior."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.distinct_examples import distinct, identities
from baselines.components.episodic_memory import EpisodicMemoryPlugin
from baselines.components.gaussian_layers import (
    GaussianConv2d,
    GaussianLayer,
    GaussianLinear,
    gaussian_weights,
)
from baselines.components.losses import ChosenOutputs
from baselines.components.rehearsing import MemoryBudget
from rmn.tasks.features import last_layer


@dataclass
class Gaussians:
    """Of a weight tensor: means and log-variances, in its shape."""

    means: Tensor
    log_variances: Tensor


class VariationalPlugin(SupervisedPlugin):
    """Nguyen et al. 2018: each task's loss has the divergence from the posterior before it.

    The loss of a task of N examples is a batch's mean cross-entropy with drawn outputs + kl_weight
    / N * the Kullback-Leibler divergence of the weights' Gaussians from those after the task before
    (Equation 4 over N); before any task they are standard. Its gradient is added after the backward
    pass. A weight that the task does not use, and one of an output that the loss is not over, has
    no divergence and stays as it is.

    Args:
        kl_weight: weight of the divergence; 1 is Bayes's.
        draws: of the outputs for each example of a batch, as the model's first layer has it.

    Attributes:
        prior: by the name of a weight, what it was after the tasks learned.
    """

    def __init__(self, kl_weight: float, draws: int) -> None:
        super().__init__()
        self.kl_weight = kl_weight
        self.draws = draws
        self.prior: dict[str, Gaussians] = {}
        self._counted: Tensor | None = None
        self._examples = 0

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Note which outputs the task's loss is over, and how many examples it has."""
        self._examples = len(distinct(strategy.adapted_dataset))
        self._counted = counted_outputs(strategy, strategy.adapted_dataset.targets.uniques)

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Have a class and a task label for each draw of an example's outputs."""
        strategy.mbatch = self.for_draws(strategy.mbatch)

    def for_draws(self, columns: Sequence[Tensor]) -> list[Tensor]:
        """The inputs (n, ...) of a batch, and each other column for all draws, (draws * n,).

        The network's first layer is what multiplies the rows.
        """
        x, *others = columns
        return [x, *(one.repeat(self.draws) for one in others)]

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the gradient of the divergence."""
        weight = self.kl_weight / self._examples
        add_divergence(strategy.model, self.prior, weight, self._counted)

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Make the posterior the next task's prior."""
        self.prior = posterior(strategy.model, self.prior, self._counted)


class CoresetPlugin(EpisodicMemoryPlugin):
    """Nguyen et al. 2018, Algorithm 1: predictions are made after training on stored examples.

    Examples of each task are kept and left out of its training. After a task the posterior, which
    the next task goes on from, is trained on the examples kept of all tasks, and it is the result
    that predicts. Put it after the strategy's `VariationalPlugin`.

    Args:
        budget: see `EpisodicMemoryPlugin`; no more than half of each class of a task is kept.
        variational: of the same strategy.
        epochs: passes over the examples kept, after each task.
        learning_rate: of Adam in them.

    Attributes:
        propagated: the model's state that the next task goes on from, by name.
    """

    def __init__(
        self,
        budget: MemoryBudget,
        variational: VariationalPlugin,
        *,
        epochs: int,
        learning_rate: float,
    ) -> None:
        super().__init__(budget)
        self.variational = variational
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.propagated: dict[str, Tensor] = {}
        # of its own, so that what is kept does not depend on how long it is trained on
        self._order = torch.Generator().manual_seed(budget.seed)

    def after_train_dataset_adaptation(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Leave examples out of the task's training, and keep them."""
        dataset = strategy.adapted_dataset
        chosen = at_most_half(torch.tensor(list(dataset.targets)), self.choose(strategy))
        each = identities(dataset)
        others = ~torch.isin(each, each[chosen])
        self.keep(dataset.subset(chosen))
        strategy.adapted_dataset = dataset.subset(others.nonzero().flatten().tolist())

    @torch.no_grad()
    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Go on from the posterior that has seen no stored examples."""
        state = strategy.model.state_dict()
        for name, value in self.propagated.items():
            state[name].copy_(value)

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Store the posterior, and train on the examples kept."""
        model = strategy.model
        self.propagated = {name: value.clone() for name, value in model.state_dict().items()}
        self.gather(strategy)
        optimizer = torch.optim.Adam(model.parameters(), lr=self.learning_rate, fused=True)
        size = len(self.columns[0])
        counted = counted_outputs(strategy, torch.unique(self.columns[1]).tolist())
        for _ in range(self.epochs):
            order = torch.randperm(size, generator=self._order).to(strategy.device)
            for rows in torch.split(order, strategy.train_mb_size):
                if len(rows) == 1:  # BatchNorm cannot train on it
                    continue
                columns = [column[rows] for column in self.columns]
                x, y, task_labels = self.variational.for_draws(columns)
                optimizer.zero_grad()
                strategy._criterion(avalanche_forward(model, x, task_labels), y).backward()
                weight = self.variational.kl_weight / size
                add_divergence(model, self.variational.prior, weight, counted)
                optimizer.step()
        optimizer.zero_grad()
        self.columns = []


@torch.no_grad()
def add_divergence(
    model: nn.Module, prior: dict[str, Gaussians], weight: float, counted: Tensor | None
) -> None:
    """Add to the gradients that of weight * KL(weights' Gaussians || prior).

    Of a Gaussian with mean m and variance v from one with n and u, the divergence has the
    derivative (m - n) / u by m, and (v / u - 1) / 2 by log v.

    Args:
        model: with Gaussian layers; weights without a gradient are left alone.
        prior: by the weights' names; what is not there is standard.
        weight: of the divergence.
        counted: which outputs of the last layer count, bool, (outputs,); None for all.
    """
    for name, layer, means, parameters, rows in _gaussians(model, counted):
        if means.grad is None or parameters.grad is None:
            continue
        log_variances = layer.variance_rate * parameters
        if name in prior:
            shift = (means - prior[name].means) / prior[name].log_variances.exp()
            growth = (log_variances - prior[name].log_variances).expm1()
        else:
            shift, growth = means, log_variances.expm1()
        means.grad.add_(shift * rows, alpha=weight)
        parameters.grad.add_(growth * rows, alpha=weight * layer.variance_rate / 2)


@torch.no_grad()
def posterior(
    model: nn.Module, prior: dict[str, Gaussians], counted: Tensor | None
) -> dict[str, Gaussians]:
    """The weights' Gaussians by name; those of outputs that do not count stay as the prior.

    Args:
        model: with Gaussian layers.
        prior: by the weights' names; what is not there is standard.
        counted: see `add_divergence`.
    """
    found = {}
    for name, layer, means, parameters, rows in _gaussians(model, counted):
        standard = Gaussians(torch.zeros_like(means), torch.zeros_like(means))
        before = prior.get(name, standard)
        found[name] = Gaussians(
            torch.where(rows, means, before.means),
            torch.where(rows, layer.variance_rate * parameters, before.log_variances),
        )
    return found


def counted_outputs(strategy: SupervisedTemplate, classes: Iterable[int]) -> Tensor | None:
    """Which outputs a strategy's loss is over for examples of some classes; None for all.

    Args:
        strategy: in training.
        classes: of the examples.
    """
    criterion = strategy._criterion
    if not isinstance(criterion, ChosenOutputs):
        return None
    return criterion.allowed(torch.tensor(sorted(classes), device=strategy.device)).any(0)


def _gaussians(
    model: nn.Module, counted: Tensor | None
) -> Iterator[tuple[str, GaussianLayer, nn.Parameter, nn.Parameter, Tensor]]:
    """Of each weight its name and layer, means, variance parameters, and what of them counts, bool.

    Args:
        model: with Gaussian layers.
        counted: which outputs of the last layer count.
    """
    last = last_layer(model)
    for place, layer in model.named_modules():
        if not isinstance(layer, GaussianLinear | GaussianConv2d):
            continue
        for name, means, parameters in gaussian_weights(layer):
            rows = torch.ones((), dtype=torch.bool, device=means.device)
            if layer is last and counted is not None:
                rows = counted.view(-1, *(1,) * (means.dim() - 1))
            yield f"{place}.{name}", layer, means, parameters, rows


def at_most_half(classes: Tensor, chosen: Sequence[int]) -> list[int]:
    """Those of some chosen examples that leave at least half of each class, in their order.

    Args:
        classes: of all examples, (n,).
        chosen: numbers of examples.
    """
    numbers = torch.tensor(chosen, dtype=torch.long)
    kept = torch.zeros(len(numbers), dtype=torch.bool)
    for one in torch.unique(classes):
        places = (classes[numbers] == one).nonzero().flatten()
        kept[places[: int((classes == one).sum()) // 2]] = True
    return numbers[kept].tolist()
