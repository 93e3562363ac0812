"""Functional regularisation of memorable past as an Avalanche plugin."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import torch
from avalanche.models import avalanche_forward
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.batches import batches
from baselines.components.distinct_examples import distinct
from baselines.components.episodic_memory import AT_ONCE, EpisodicMemoryPlugin
from baselines.components.importance_penalty import learned
from baselines.components.jacobian_kernel import jacobian_kernels
from baselines.components.losses import OutputsSeen, outputs_in_loss, without_others
from baselines.components.per_example_gradients import mean_over_examples
from baselines.components.rehearsing import MemoryBudget
from baselines.components.shared_layers import shared_batch_norms

_JITTER: Final = 1e-5
"""What is added to the diagonal of kernels, as in the authors' code for Permuted-MNIST."""


@dataclass(frozen=True, slots=True)
class FunctionPrior:
    """What a task's memorable points are held to.

    Attributes:
        outputs: numbers of the outputs that are held, (k,).
        means: their probabilities, (k, n).
        precisions: inverse kernels, (k, n, n).
    """

    outputs: Tensor
    means: Tensor
    precisions: Tensor

    def distance(self, probabilities: Tensor) -> Tensor:
        """Half the squared Mahalanobis distance of probabilities (n, all outputs), a scalar."""
        difference = probabilities[:, self.outputs].T - self.means
        weighed = torch.einsum("kij,kj->ki", self.precisions, difference)
        return (difference * weighed).sum() / 2


class FunctionalRegularisationPlugin(EpisodicMemoryPlugin):
    """Pan et al. 2020 (FROMP): predictions for memorable points of earlier tasks are to stay.

    Weights have the Gaussian posterior N(w, 1 / (F + delta)) after a task, with F the sum over all
    examples so far of the diagonal of the Gauss-Newton matrix. Its linearisation makes the
    predicted probabilities of each output at the memorable points a Gaussian process, with
    covariance K = J diag(1 / (F + delta)) J^T. The loss is the task's + tau * sum over the earlier
    tasks and outputs of 1/2 (m - m*)^T K^-1 (m - m*), m the probabilities at a task's points and m*
    those before the present task (its gradient is that of Algorithm 1). Means and kernels of all
    points are taken anew when a task begins. The norm of the gradient is clipped, as in the
    authors' code: the inverses of kernels with little in them are large. Theirs clips that of the
    first task too, which has nothing to hold, and divides it by tau before. At strength 0 the
    training is plain fine-tuning, bit for bit.

    Where the loss is over all outputs seen so far, the probabilities are so too, those of the
    present task's outputs among them (van de Ven et al. 2022); elsewhere a task's are over the
    outputs that it was learned over.

    BatchNorms that tasks share, of which the publication has none, are learned with the first task
    and held from then on with their statistics: what is held is no function of the weights if each
    task moves them.

    Memorable are the examples of a task of which the network is least sure, as many of each class:
    those with the largest sum over the outputs of p (1 - p).

    Args:
        budget: how many memorable points.
        tau: strength.
        prior_precision: delta.
        clip_norm: largest norm of the gradient.

    Attributes:
        fisher: F, by weight.
        held: numbers of the outputs that the probabilities of each earlier task are over.
        priors: of the earlier tasks, while a task is trained.
    """

    def __init__(
        self, budget: MemoryBudget, *, tau: float, prior_precision: float, clip_norm: float
    ) -> None:
        super().__init__(budget)
        self.tau = tau
        self.prior_precision = prior_precision
        self.clip_norm = clip_norm
        self.fisher: dict[str, Tensor] = {}
        self.held: list[Tensor] = []
        self.priors: list[FunctionPrior] = []

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Take means and kernels of all memorable points."""
        super().before_training_exp(strategy, **kwargs)
        if not self.tau:
            return
        if isinstance(strategy._criterion, OutputsSeen):
            self.held = [outputs_in_loss(strategy)] * len(self.held)
        if self.kept:
            for norm in shared_batch_norms(strategy):
                norm.requires_grad_(False)
        strategy.model.eval()
        self.priors = [self._prior(strategy, task) for task in range(len(self.kept))]
        strategy.model.train()

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Let BatchNorms that tasks share keep the statistics of the first task."""
        if self.priors:
            for norm in shared_batch_norms(strategy):
                norm.eval()

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the distance from the means; the points are answered as they would be at test."""
        if not self.priors:
            return
        x, y, task_labels = self.columns
        strategy.model.eval()
        with torch.autocast(x.device.type, enabled=False):
            logits = avalanche_forward(strategy.model, x, task_labels)
            found = without_others(strategy, logits, y, -torch.inf).softmax(1)
            parts = torch.split(found, [len(task) for task in self.kept])
            distances = [
                prior.distance(part) for prior, part in zip(self.priors, parts, strict=True)
            ]
        strategy.model.train()
        strategy.loss = strategy.loss + self.tau * torch.stack(distances).sum()

    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Clip the norm of the gradient."""
        if self.priors:
            nn.utils.clip_grad_norm_(strategy.model.parameters(), self.clip_norm)

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Keep memorable points, and add the task's Gauss-Newton matrix."""
        self.priors = []
        self.held.append(outputs_in_loss(strategy))
        super().after_training_exp(strategy, **kwargs)
        if self.tau:
            self._add_curvature(strategy)

    @torch.no_grad()
    def choose(self, strategy: SupervisedTemplate) -> list[int]:
        """Numbers of the examples of which the network is least sure, by class."""
        dataset = strategy.experience.dataset
        strategy.model.eval()
        unsure = torch.cat(
            [
                _uncertainty(strategy, avalanche_forward(strategy.model, x, labels), y)
                for x, y, labels in batches(dataset, AT_ONCE, strategy.device)
            ]
        ).cpu()
        strategy.model.train()
        classes = torch.tensor(list(dataset.targets))
        ranked = unsure.argsort(descending=True, stable=True)
        ranked = ranked[torch.isin(ranked, distinct(dataset))]
        of_each = [ranked[classes[ranked] == one].tolist() for one in torch.unique(classes)]
        if (most := self.budget.per_class) is not None:
            return [example for own in of_each for example in own[:most]]
        by_turns = [one for turn in zip_longest(*of_each) for one in turn if one is not None]
        return by_turns[: self.budget.of_task(len(self.kept) + 1)]

    def _add_curvature(self, strategy: SupervisedTemplate) -> None:
        """Add the diagonal of J^T (diag p - p p^T) J of all examples, J that of the logits.

        It is the mean under the predicted classes of the squared gradient of their log-likelihoods,
        so that it takes a pass over the examples for each output. An example that the stream shows
        several times counts once.
        """
        dataset = strategy.experience.dataset
        once = distinct(dataset)
        examples = dataset.subset(once.tolist())
        for output in self.held[-1].tolist():

            def weighed(logits: Tensor, classes: Tensor, output: int = output) -> Tensor:
                logits = without_others(strategy, logits, classes, -torch.inf)
                likelihood = logits.log_softmax(1)[:, output]
                return (likelihood * (likelihood / 2).exp().detach()).sum()

            passed = batches(examples, strategy.train_mb_size, strategy.device)
            found = mean_over_examples(strategy.model, passed, weighed, torch.square)
            for name, own in found.items():
                self.fisher[name] = self.fisher.get(name, 0) + len(once) * own

    def _prior(self, strategy: SupervisedTemplate, task: int) -> FunctionPrior:
        """What a task's memorable points are held to from now on."""
        [batch] = batches(self.kept[task], len(self.kept[task]), strategy.device)
        x, _, task_labels = batch
        held = self.held[task]

        def probabilities(logits: Tensor) -> Tensor:
            return logits[:, held].softmax(1)

        variances = {
            name: 1 / (self.fisher.get(name, torch.zeros_like(weight)) + self.prior_precision)
            for name, weight in learned(strategy).items()
        }
        kernels = jacobian_kernels(strategy.model, batch, probabilities, len(held), variances)
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            means = probabilities(avalanche_forward(strategy.model, x, task_labels)).T
        kernels.diagonal(dim1=1, dim2=2).add_(_JITTER)
        precisions = torch.cholesky_inverse(torch.linalg.cholesky(kernels)).to(means.dtype)
        return FunctionPrior(held, means, precisions)


def _uncertainty(strategy: SupervisedTemplate, logits: Tensor, classes: Tensor) -> Tensor:
    """The sum over the outputs of p (1 - p), (n,).

    Args:
        strategy: in training.
        logits: (n, outputs).
        classes: of the same examples, (n,).
    """
    p = without_others(strategy, logits, classes, -torch.inf).softmax(1)
    return (p * (1 - p)).sum(1)
