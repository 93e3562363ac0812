"""Functional regularisation by Gaussian processes as an Avalanche plugin."""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate

from baselines.components.batches import batches
from baselines.components.episodic_memory import AT_ONCE, EpisodicMemoryPlugin
from baselines.components.gaussian_process.network import GaussianProcessNetwork
from baselines.components.gaussian_process.remembered_functions import RememberedFunctions
from baselines.components.gaussian_process.trace_criterion import TraceCriterion, refine
from baselines.components.rehearsing import MemoryBudget


class InducingPointPlugin(EpisodicMemoryPlugin):
    """Titsias et al. 2020: features are held to the functions of earlier tasks at a few inputs.

    The loss is the mean loss of outputs that are drawn from their distribution + 1/N times the KL
    divergence of the live task's weights from their prior and those of the earlier tasks' outputs
    at their inducing points from the prior that the present features give them. When a
    task has been learned, inducing points are drawn from its examples, and the weights that each
    learned task predicts by are computed anew from its points.

    The strategy's model is a `GaussianProcessNetwork`.

    Args:
        budget: how many inducing points.
        prior_variance: of the weights.
        jitter: what is added to the diagonal of kernels.
        own_outputs: whether each task has outputs of its own.

    Attributes:
        functions: of the learned tasks.
    """

    def __init__(
        self, budget: MemoryBudget, *, prior_variance: float, jitter: float, own_outputs: bool
    ) -> None:
        super().__init__(budget)
        self.functions = RememberedFunctions(prior_variance=prior_variance, jitter=jitter)
        self.own_outputs = own_outputs

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Begin a task."""
        super().before_training_exp(strategy, **kwargs)
        model: GaussianProcessNetwork = strategy.model
        classes = strategy.experience.classes_in_this_experience
        model.begin_task(strategy.experience.task_label, classes)
        if self.own_outputs:
            model.head.open_outputs(sorted(classes))

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the divergences."""
        sizes = [len(task) for task in self.kept]
        inputs = torch.split(self.columns[0], sizes) if self.columns else ()
        with torch.autocast(strategy.device.type, enabled=False):
            divergence = self.functions.divergence(strategy.model, inputs)
        strategy.loss = strategy.loss + divergence / len(strategy.experience.dataset)

    def cut(self, most: int) -> None:
        """Forget the posteriors of the points that are forgotten as well; see the base class."""
        super().cut(most)
        self.functions.cut(most)

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Keep inducing points and the posterior there, and finish the task."""
        super().after_training_exp(strategy, **kwargs)
        inputs = []
        for task in self.kept:
            [(x, _, _)] = batches(task, len(task), strategy.device)
            inputs.append(x)
        self.functions.finish_task(strategy.model, inputs)


class TraceCriterionPlugin(InducingPointPlugin):
    """As `InducingPointPlugin`, with inducing points by the trace criterion (Equation 6).

    Random points are refined by swaps for examples of the same task, or of the same class where so
    many of each class are kept.

    Args:
        budget: how many inducing points.
        proposals: number of swaps that are proposed, when a task, or a class of it, was learned.
        **arguments: see `InducingPointPlugin`.
    """

    def __init__(self, budget: MemoryBudget, *, proposals: int, **arguments: Any) -> None:
        super().__init__(budget, **arguments)
        self.proposals = proposals

    @torch.no_grad()
    def choose(self, strategy: SupervisedTemplate) -> list[int]:
        """Numbers of the examples that explain the others best under the features just learned."""
        drawn = super().choose(strategy)
        dataset, model = strategy.experience.dataset, strategy.model
        model.eval()
        parts = batches(dataset, AT_ONCE, strategy.device)
        features = torch.cat([model.features(x, None) for x, _, _ in parts])
        model.train()
        groups = [0] * len(features) if self.budget.per_class is None else list(dataset.targets)
        chosen: list[int] = []
        for group in sorted(set(groups)):
            members = [example for example, own in enumerate(groups) if own == group]
            places = {example: place for place, example in enumerate(members)}
            criterion = TraceCriterion(
                features[members],
                [places[example] for example in drawn if example in places],
                variance=self.functions.prior_variance,
                jitter=self.functions.jitter,
            )
            refine(criterion, self.proposals, self.generator)
            chosen += [members[place] for place in criterion.chosen]
        return chosen
