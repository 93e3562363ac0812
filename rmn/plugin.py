"""RMN as Avalanche plugins: what each training step needs, and Algorithm 1 on top of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from inspect import getattr_static
from typing import Literal, TypedDict, Unpack

import torch
from avalanche.benchmarks import CLExperience
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate

from rmn.convergence import Convergence
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.penalties import l1_penalty, set_penalty_weights
from rmn.negative_samples import NEGATIVE_SAMPLES, frozen_batch_norm


class PenaltyArguments(TypedDict, total=False):
    """Arguments of `RelevancePlugin`."""

    l1_weight: float
    l0_weight: float
    overlap_weight: float
    prune_below: float
    negative_loss_weight: float
    negative_samples: Literal["noise", "shuffled"]


class RelevancePlugin(SupervisedPlugin):
    """Penalises the live mappings, and restores the weights of finished tasks after each step.

    It does not know where tasks begin and end: a subclass or the strategy calls `begin_task`,
    `prune` and `finish_task`.

    Args:
        l1_weight: weight of the mean magnitude of the mapping over free weights.
        l0_weight: weight of the mean relevance over free weights.
        overlap_weight: weight of the overlap with the masks of finished tasks.
        prune_below: mu, the relevance up to which entries are set to zero when pruning.
        negative_loss_weight: weight of the mean squared output on negative samples, which an
            optimizer step of its own reduces after each step on data (Algorithm 2, lines 14 to 17);
            0 for no such step.
        negative_samples: kind of negative samples, see `rmn.negative_samples`.

    Raises:
        ValueError: `prune_below` is not in [0, 1), or `negative_samples` is unknown.
    """

    def __init__(
        self,
        *,
        l1_weight: float = 0.0,
        l0_weight: float = 0.0,
        overlap_weight: float = 0.0,
        prune_below: float = 0.05,
        negative_loss_weight: float = 0.0,
        negative_samples: Literal["noise", "shuffled"] = "noise",
    ) -> None:
        super().__init__()
        if negative_samples not in NEGATIVE_SAMPLES:
            raise ValueError(
                f"negative_samples is {negative_samples!r}; use one of {tuple(NEGATIVE_SAMPLES)}"
            )
        if not 0 <= prune_below < 1:
            raise ValueError(f"prune_below is {prune_below}; it must be at least 0 and below 1")
        self.l1_weight = l1_weight
        self.l0_weight = l0_weight
        self.overlap_weight = overlap_weight
        self.prune_below = prune_below
        self.negative_loss_weight = negative_loss_weight
        self.negative_samples = negative_samples

    def begin_task(self, strategy: SupervisedTemplate, label: int, classes: Sequence[int]) -> None:
        """Begin a task, with new mappings and BatchNorms and with an empty optimizer state.

        Args:
            strategy: the strategy that trains the network.
            label: task label.
            classes: classes of the task; empty if they are unknown.

        Raises:
            TypeError: the strategy's model was not made by `convert`.
        """
        network = relevance_network(strategy)
        network.begin_task(label, classes)
        _warn_about_weight_decay(strategy)
        if self.l0_weight or self.overlap_weight:
            set_penalty_weights(
                network.mappings, l0_weight=self.l0_weight, overlap_weight=self.overlap_weight
            )
        strategy.optimizer.state.clear()  # moments of the last task would move this one's mapping

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Add the penalties to the loss."""
        network = relevance_network(strategy)
        if self.l0_weight or self.overlap_weight:
            strategy.loss += network.relevance_penalty
        if self.l1_weight:
            strategy.loss += self.l1_weight * l1_penalty(network.mappings)

    def after_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Restore frozen weights; then train on negative samples, if they have a weight."""
        relevance_network(strategy).restore_frozen_weights()
        if self.negative_loss_weight:
            self._train_on_negative_samples(strategy)
            relevance_network(strategy).restore_frozen_weights()

    def prune(self, strategy: SupervisedTemplate) -> None:
        """Set the live entries of little relevance to zero, for the rest of the task."""
        relevance_network(strategy).prune(self.prune_below)

    def finish_task(self, strategy: SupervisedTemplate) -> None:
        """Store the task's rounded mapping and freeze the weights that it uses."""
        relevance_network(strategy).finish_task()

    def _train_on_negative_samples(self, strategy: SupervisedTemplate) -> None:
        """One optimizer step towards zero output on negative samples."""
        strategy.optimizer.zero_grad()
        samples = NEGATIVE_SAMPLES[self.negative_samples]
        with frozen_batch_norm(strategy.model):
            output = relevance_network(strategy).forward_task(samples(strategy.mb_x), None)
        torch.autograd.backward(self.negative_loss_weight * output.square().mean())
        strategy.optimizer.step()


class RMNPlugin(RelevancePlugin):
    """Algorithm 1 of the paper: each experience is a task with relevance mappings of its own.

    Per experience: new mappings, BatchNorms and optimizer state; penalties on the mappings; pruning
    once. After each step the weights of earlier tasks are restored. At the end the rounded mapping
    is stored and its weights are frozen.

    Args:
        prune_epoch: number of the epoch of a task after which to prune; None to prune when the
            epoch's mean loss no longer falls by `tolerance`, as the paper does ("whenever the task
            loss converges").
        tolerance: smallest relative fall of the loss that counts as progress.
        own_outputs: whether the loss is over the outputs of the task's own classes; the others are
            then closed to the task.
        **penalties: arguments of `RelevancePlugin`.

    Raises:
        TypeError: at the first experience, if the strategy's model was not made by `convert`.
        ValueError: `prune_below` is not in [0, 1), `negative_samples` is unknown, or `prune_epoch`
            is below 1.
    """

    def __init__(
        self,
        *,
        prune_epoch: int | None = None,
        tolerance: float = 0.05,
        own_outputs: bool = False,
        **penalties: Unpack[PenaltyArguments],
    ) -> None:
        super().__init__(**penalties)
        if prune_epoch is not None and prune_epoch < 1:
            raise ValueError(f"prune_epoch is {prune_epoch}; it must be at least 1")
        self.prune_epoch = prune_epoch
        self.own_outputs = own_outputs
        self._convergence = Convergence(tolerance)
        self._epoch = 0
        self._pruned = False

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Begin a task."""
        experience = strategy.experience
        label = getattr(experience, "task_label", 0)
        if label in relevance_network(strategy).labels:
            warnings.warn(
                f"task label {label} again: RMN takes each experience for a task, and at "
                "evaluation it will infer which of that label an input belongs to; give each "
                "experience a label of its own (return_task_id=True in Avalanche's benchmarks)",
                stacklevel=2,
            )
        classes = _classes_of(experience)
        self.begin_task(strategy, label, classes)
        if self.own_outputs:
            relevance_network(strategy).close_outputs(classes)
        self._convergence.reset()
        self._epoch, self._pruned = 0, False

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Add the penalties to the loss, and record it."""
        super().before_backward(strategy, **kwargs)
        if self.prune_epoch is None and not self._pruned:
            self._convergence.update(strategy.loss)

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Prune once, at the given epoch or when the loss has converged."""
        self._epoch += 1
        if not self._pruned and self._is_time_to_prune():
            self.prune(strategy)
            self._pruned = True

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Finish the task."""
        self.finish_task(strategy)

    def _is_time_to_prune(self) -> bool:
        if self.prune_epoch is not None:
            return self._epoch == self.prune_epoch
        return self._convergence.end_window()


def relevance_network(strategy: SupervisedTemplate) -> RelevanceNetwork:
    """The strategy's model.

    Raises:
        TypeError: it was not made by `convert`.
    """
    if not isinstance(strategy.model, RelevanceNetwork):
        kind = type(strategy.model).__name__
        raise TypeError(f"the model is a {kind}; wrap it first: model=rmn.convert(model)")
    return strategy.model


def _classes_of(experience: CLExperience) -> Sequence[int]:
    """The experience's classes, () if it has no such attribute; one that raises is not hidden."""
    if getattr_static(experience, "classes_in_this_experience", None) is None:
        return ()
    classes: Sequence[int] = experience.classes_in_this_experience
    return classes


def _warn_about_weight_decay(strategy: SupervisedTemplate) -> None:
    mappings = {id(mappings.mapping) for mappings in relevance_network(strategy).mappings}
    for group in strategy.optimizer.param_groups:
        if group.get("weight_decay") and any(id(one) in mappings for one in group["params"]):
            warnings.warn(
                "the optimizer's weight decay draws relevance mappings to zero, which closes the "
                "network; give them a group without it, as rmn.parameter_groups does",
                stacklevel=3,
            )
