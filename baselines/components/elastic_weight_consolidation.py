"""Elastic weight consolidation as Avalanche plugins: a penalty per task, a decayed, a mean one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor
from torch.nn import functional as F

from baselines.components.importance_penalty import (
    ImportancePenaltyPlugin,
    examples,
    learned,
)
from baselines.components.losses import without_others
from baselines.components.per_example_gradients import mean_over_examples


class FisherPenaltyPlugin(ImportancePenaltyPlugin):
    """Kirkpatrick et al. 2017, Equation 3: a weight's importance is its Fisher information.

    The diagonal of the Fisher information matrix is estimated by the mean over a task's examples of
    the squared gradient of the log-likelihood of the right class, the empirical Fisher information
    (van de Ven, "On the computation of the Fisher information in continual learning", 2025, arXiv
    2502.11756).

    Args:
        ewc_lambda: lambda of the publication, whose penalty has a half before the sum.
    """

    def __init__(self, ewc_lambda: float) -> None:
        super().__init__(ewc_lambda / 2)

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the penalty of the task that was learned."""

        def log_likelihood(logits: Tensor, classes: Tensor) -> Tensor:
            logits = without_others(strategy, logits, classes, -torch.inf)
            return -F.cross_entropy(logits, classes, reduction="sum")

        model = strategy.model
        fisher = mean_over_examples(model, examples(strategy), log_likelihood, torch.square)
        self.merge(learned(strategy), fisher)

    @abstractmethod
    def merge(self, weights: Mapping[str, Tensor], fisher: dict[str, Tensor]) -> None:
        """Merge one more task's penalty into the present one.

        Args:
            weights: by name, after that task.
            fisher: diagonal of that task's Fisher information, shapes of the weights; without
                weights that the task does not use.
        """


class PenaltyPerTaskPlugin(FisherPenaltyPlugin):
    """A penalty for each task, all of them merged into one.

    A sum of quadratics is a quadratic: sum of F_k (w - w_k)² over the tasks k is F (w - a)² and a
    constant, where F is the sum of the Fisher diagonals F_k and a the mean of the weights w_k after
    each task, weighted by F_k (Huszár, "Note on the quadratic penalties in elastic weight
    consolidation", PNAS 2018). So a step takes the time and the memory of one penalty, however many
    tasks there were.
    """

    @torch.no_grad()
    def merge(self, weights: Mapping[str, Tensor], fisher: dict[str, Tensor]) -> None:
        """Add the task's quadratic; see the base class."""
        self.add_importance(fisher)
        for name, own in fisher.items():
            share = torch.where(own > 0, own / self.importance[name], 0)
            before = self.anchor.get(name, weights[name])
            self.anchor[name] = torch.lerp(before, weights[name], share)


class OnlinePenaltyPlugin(FisherPenaltyPlugin):
    """One penalty around the latest weights, whose importances decay.

    Online EWC of Schwarz et al. ("Progress & compress", ICML 2018, Section 4): F becomes
    decay * F + F_k after task k. Theirs weighs the penalty by the decay once more, here that is
    part of lambda.

    Args:
        ewc_lambda: as above.
        decay: gamma of the publication.
    """

    def __init__(self, ewc_lambda: float, decay: float) -> None:
        super().__init__(ewc_lambda)
        self.decay = decay

    @torch.no_grad()
    def merge(self, weights: Mapping[str, Tensor], fisher: dict[str, Tensor]) -> None:
        """Decay and add; see the base class."""
        self.add_importance(fisher, kept=self.decay)
        self.anchor = {name: weight.detach().clone() for name, weight in weights.items()}


class MeanPenaltyPlugin(OnlinePenaltyPlugin):
    """One penalty around the latest weights, whose importances are the mean over the tasks.

    So it is in the code of Serrà et al. ("Overcoming catastrophic forgetting with hard attention to
    the task", ICML 2018), from which many publications have their numbers of EWC. That code squares
    the gradients of the mean loss of batches of 20, so that a lambda there is a twentieth here.

    Args:
        ewc_lambda: as above.

    Attributes:
        tasks: number of tasks in the mean.
    """

    def __init__(self, ewc_lambda: float) -> None:
        super().__init__(ewc_lambda, decay=0.0)
        self.tasks = 0

    def merge(self, weights: Mapping[str, Tensor], fisher: dict[str, Tensor]) -> None:
        """Take the task into the mean; for a weight that it does not use it counts as zero."""
        self.tasks += 1
        self.decay = 1 - 1 / self.tasks
        super().merge(weights, {name: own / self.tasks for name, own in fisher.items()})
