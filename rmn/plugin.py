"""Training with RMN as Avalanche plugins: what every step needs, and Algorithm 1 on top of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from inspect import getattr_static
from typing import Any, Literal

import torch
from avalanche.training.plugins import SupervisedPlugin

from rmn.convergence import Convergence
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.penalties import l1, price_relevance
from rmn.negative_samples import NEGATIVES, statistics_held


class RelevancePlugin(SupervisedPlugin):
    """Penalises the live mappings and holds what earlier tasks use; whoever owns it names tasks.

    Args:
        l1_weight: of the mean magnitude of the mapping over free weights.
        l0_weight: of the mean relevance over free weights.
        overlap_weight: of the overlap with earlier masks.
        prune_below: mu, entries whose relevance is at most this are zeroed when pruning.
        quiet_weight: of the mean squared output on negatives, towards which a step follows each
            step on data (Algorithm 2, lines 14 to 17); 0 for no such step.
        negatives: what they are, see `rmn.negative_samples`.

    Raises:
        ValueError: `prune_below` is not in [0, 1), or there are no such negatives.
    """

    def __init__(
        self,
        *,
        l1_weight: float = 0.0,
        l0_weight: float = 0.0,
        overlap_weight: float = 0.0,
        prune_below: float = 0.05,
        quiet_weight: float = 0.0,
        negatives: Literal["noise", "shuffled"] = "noise",
    ) -> None:
        super().__init__()
        if negatives not in NEGATIVES:
            raise ValueError(f"negatives are {negatives!r}; use one of {tuple(NEGATIVES)}")
        if not 0 <= prune_below < 1:
            raise ValueError(f"prune_below is {prune_below}; it must be at least 0 and below 1")
        self.l1_weight = l1_weight
        self.l0_weight = l0_weight
        self.overlap_weight = overlap_weight
        self.prune_below = prune_below
        self.quiet_weight = quiet_weight
        self.negatives = negatives

    def begin_task(self, strategy: Any, label: int, classes: Sequence[int]) -> None:
        """Start a task with a fresh mapping, BatchNorm and optimizer state.

        Raises:
            TypeError: the strategy's model was not made by `convert`.
        """
        network(strategy).begin_task(label, classes)
        _warn_of_decay(strategy)
        if self.l0_weight or self.overlap_weight:
            price_relevance(
                network(strategy).mappings,
                l0_weight=self.l0_weight,
                overlap_weight=self.overlap_weight,
            )
        strategy.optimizer.state.clear()  # moments of the last task would move this one's mapping

    def before_backward(self, strategy: Any, **kwargs: Any) -> None:
        """Add the penalties to the loss."""
        if self.l0_weight or self.overlap_weight:
            strategy.loss += network(strategy).cost
        if self.l1_weight:
            strategy.loss += self.l1_weight * l1(network(strategy).mappings)

    def after_update(self, strategy: Any, **kwargs: Any) -> None:
        """Put back what no optimizer may move; then the step on negatives, if there is one."""
        network(strategy).hold()
        if self.quiet_weight:
            self._quieten(strategy)
            network(strategy).hold()

    def prune(self, strategy: Any) -> None:
        """Zero the live entries of little relevance."""
        network(strategy).prune(self.prune_below)

    def finish_task(self, strategy: Any) -> None:
        """Keep the task's rounded mapping and fix its weights."""
        network(strategy).finish_task()

    def _quieten(self, strategy: Any) -> None:
        """A step towards zero output on negatives."""
        strategy.optimizer.zero_grad()
        with statistics_held(strategy.model):
            output = network(strategy).forward_task(NEGATIVES[self.negatives](strategy.mb_x), None)
        torch.autograd.backward(self.quiet_weight * output.square().mean())
        strategy.optimizer.step()


class RMNPlugin(RelevancePlugin):
    """Algorithm 1 of the paper: each experience is a task with relevance mappings of its own.

    Per experience: fresh mappings, BatchNorm and optimizer state; penalties on the mappings;
    pruning; after each step the weights of earlier tasks are put back; at the end the rounded
    mapping is kept and its weights are fixed.

    Args:
        prune_epoch: prune after this many epochs of a task; None prunes when the epoch's mean loss
            no longer falls by `tolerance`, as the paper does ("whenever the task loss converges").
        tolerance: smallest relative fall of the loss that counts as progress.
        penalties: arguments of `RelevancePlugin`.

    Raises:
        TypeError: at the first experience, if the strategy's model was not made by `convert`.
        ValueError: `prune_below` is not in [0, 1) or `prune_epoch` is below 1.
    """

    def __init__(
        self, *, prune_epoch: int | None = None, tolerance: float = 0.05, **penalties: Any
    ) -> None:
        super().__init__(**penalties)
        if prune_epoch is not None and prune_epoch < 1:
            raise ValueError(f"prune_epoch is {prune_epoch}; it must be at least 1")
        self.prune_epoch = prune_epoch
        self._convergence = Convergence(tolerance)
        self._epoch = 0
        self._pruned = False

    def before_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """Begin a task."""
        experience = strategy.experience
        label = getattr(experience, "task_label", 0)
        if label in network(strategy).labels:
            warnings.warn(
                f"task label {label} again: RMN takes each experience for a task, and at "
                "evaluation it will infer which of that label an input belongs to; give each "
                "experience a label of its own (return_task_id=True in Avalanche's benchmarks)",
                stacklevel=2,
            )
        self.begin_task(strategy, label, _classes(experience))
        self._convergence.restart()
        self._epoch, self._pruned = 0, False

    def before_backward(self, strategy: Any, **kwargs: Any) -> None:
        """Add the penalties to the loss, and note it."""
        super().before_backward(strategy, **kwargs)
        if self.prune_epoch is None and not self._pruned:
            self._convergence.note(strategy.loss)

    def after_training_epoch(self, strategy: Any, **kwargs: Any) -> None:
        """Prune once, when it is time."""
        self._epoch += 1
        if not self._pruned and self._time_to_prune():
            self.prune(strategy)
            self._pruned = True

    def after_training_exp(self, strategy: Any, **kwargs: Any) -> None:
        """End the task."""
        self.finish_task(strategy)

    def _time_to_prune(self) -> bool:
        if self.prune_epoch is not None:
            return self._epoch == self.prune_epoch
        return self._convergence.reached()


def _classes(experience: Any) -> Sequence[int]:
    """The experience's classes; none if it knows nothing of them, an error if it must not tell."""
    if getattr_static(experience, "classes_in_this_experience", None) is None:
        return ()
    classes: Sequence[int] = experience.classes_in_this_experience
    return classes


def _warn_of_decay(strategy: Any) -> None:
    mappings = {id(mappings.mapping) for mappings in network(strategy).mappings}
    for group in strategy.optimizer.param_groups:
        if group.get("weight_decay") and any(id(one) in mappings for one in group["params"]):
            warnings.warn(
                "the optimizer's weight decay draws relevance mappings to zero, which closes the "
                "network; give them a group without it, as rmn.parameter_groups does",
                stacklevel=3,
            )


def network(strategy: Any) -> RelevanceNetwork:
    """The strategy's model.

    Raises:
        TypeError: it was not made by `convert`.
    """
    if not isinstance(strategy.model, RelevanceNetwork):
        kind = type(strategy.model).__name__
        raise TypeError(f"the model is a {kind}; wrap it first: model=rmn.convert(model)")
    return strategy.model
