"""RMN as Avalanche plugins: what each training step needs, and Algorithm 1 on top of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from inspect import getattr_static
from math import inf, isfinite
from typing import Final, Literal, TypedDict, Unpack

import torch
from avalanche.benchmarks import CLExperience
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor
from torch.utils.data import DataLoader

from rmn.convergence import Convergence
from rmn.incompatible_plugins import check_other_plugins
from rmn.mapping.mask_packing import pack, unpack
from rmn.mapping.mask_statistics import MaskStatistics, mask_statistics
from rmn.mapping.network import RelevanceNetwork
from rmn.mapping.penalties import l1_penalty, set_penalty_weights
from rmn.mapping.transfer import Origin, most_suitable_task
from rmn.negative_samples import NEGATIVE_SAMPLES, frozen_batch_norm
from rmn.tasks.routing import RoutingPlugin

_PROBED: Final = 512
"""Examples by which a finished mask is chosen to begin from."""

PRUNING: Final = ("none", "late", "converged")
"""When `RMNPlugin` prunes."""


class RelevanceArguments(TypedDict, total=False):
    """Arguments of `RelevancePlugin`."""

    l1_weight: float
    l0_weight: float
    l0_scarcity: float
    overlap_weight: float
    beta_end: float | None
    prune_below: float
    negative_loss_weight: float
    negative_samples: Literal["noise", "shuffled"]


class RelevancePlugin(SupervisedPlugin):
    """Penalises the live mappings, and restores the weights of finished tasks after each step.

    It does not know where tasks begin and end: a subclass or the strategy calls `begin_task`,
    `tighten`, `prune` and `finish_task`.

    Args:
        l1_weight: weight of the mean magnitude of the mapping over free weights.
        l0_weight: weight of the mean relevance over free weights.
        l0_scarcity: how fast its price grows as free weights become scarce, see
            `rmn.mapping.penalties.set_penalty_weights`; 1 for that mean.
        overlap_weight: weight of the overlap with the masks of finished tasks; above zero separates
            tasks, below zero rewards to use weights again.
        beta_end: beta in the last step of a task, to which it rises from the one that the network
            was converted with (`rmn.mapping.tightening`); None for a constant beta. Betas that are
            learned are left alone.
        prune_below: mu, the relevance up to which entries are set to zero when pruning.
        negative_loss_weight: weight of the mean squared output on negative samples, which an
            optimizer step of its own reduces after each step on data (Algorithm 2, lines 14 to 17);
            0 for no such step.
        negative_samples: kind of negative samples, see `rmn.negative_samples`.

    Attributes:
        statistics: per layer, of the mask of each task that was finished with this plugin, in
            their order.

    Raises:
        ValueError: a number is not finite, a weight other than the overlap's is below 0,
            `beta_end` is not above 0, `prune_below` is not in [0, 1), or `negative_samples` is
            unknown.
    """

    def __init__(
        self,
        *,
        l1_weight: float = 0.0,
        l0_weight: float = 0.0,
        l0_scarcity: float = 1.0,
        overlap_weight: float = 0.0,
        beta_end: float | None = 2000.0,
        prune_below: float = 0.999999,
        negative_loss_weight: float = 0.0,
        negative_samples: Literal["noise", "shuffled"] = "noise",
    ) -> None:
        super().__init__()
        if negative_samples not in NEGATIVE_SAMPLES:
            raise ValueError(
                f"negative_samples is {negative_samples!r}; use one of {tuple(NEGATIVE_SAMPLES)}"
            )
        at_least_zero = {
            "l1_weight": l1_weight,
            "l0_weight": l0_weight,
            "l0_scarcity": l0_scarcity,
            "negative_loss_weight": negative_loss_weight,
        }
        for name, value in at_least_zero.items():
            if not 0 <= value < inf:
                raise ValueError(f"{name} is {value}; it must be at least 0 and finite")
        if not isfinite(overlap_weight):
            raise ValueError(f"overlap_weight is {overlap_weight}; it must be finite")
        if beta_end is not None and not 0 < beta_end < inf:
            raise ValueError(f"beta_end is {beta_end}; it must be above 0 and finite")
        if not 0 <= prune_below < 1:
            raise ValueError(f"prune_below is {prune_below}; it must be at least 0 and below 1")
        self.l1_weight = l1_weight
        self.l0_weight = l0_weight
        self.l0_scarcity = l0_scarcity
        self.overlap_weight = overlap_weight
        self.beta_end = beta_end
        self.prune_below = prune_below
        self.negative_loss_weight = negative_loss_weight
        self.negative_samples = negative_samples
        self.statistics: dict[str, list[MaskStatistics]] = {}
        self._first_masks: dict[str, Tensor] = {}  # of the live task, as bits

    def begin_task(
        self,
        strategy: SupervisedTemplate,
        label: int,
        classes: Sequence[int],
        origin: Origin | None = None,
    ) -> None:
        """Begin a task, with new mappings and BatchNorms and with an empty optimizer state.

        Args:
            strategy: the strategy that trains the network.
            label: task label.
            classes: classes of the task; empty if they are unknown.
            origin: the finished task from whose mask it begins; None for a random mask.

        Raises:
            TypeError: the strategy's model was not made by `convert`.
        """
        network = relevance_network(strategy)
        network.begin_task(label, classes)
        for statistics in self.statistics.values():  # of another network, or of a later state
            del statistics[network.tasks :]
        if origin is not None:
            network.begin_from(origin)
        self.take_over_task(strategy)
        strategy.optimizer.state.clear()  # moments of the last task would move this one's mapping

    def take_over_task(self, strategy: SupervisedTemplate) -> None:
        """Go on with the task that the network is learning, as after loading a state of it.

        Its mask is held against what it is now. Optimizer state is kept: it may be this task's.

        Args:
            strategy: the strategy that trains the network.

        Raises:
            TypeError: the strategy's model was not made by `convert`.
        """
        network = relevance_network(strategy)
        layers = network.relevance_layers()
        self._first_masks = {name: pack(layer.live_mask()) for name, layer in layers.items()}
        _warn_about_weight_decay(strategy)
        if self.l0_weight or self.overlap_weight:
            set_penalty_weights(
                network.mappings,
                l0_weight=self.l0_weight,
                l0_scarcity=self.l0_scarcity,
                overlap_weight=self.overlap_weight,
            )

    def tighten(self, strategy: SupervisedTemplate, *, step: int, steps: int) -> None:
        """Set the beta of an optimizer step; to be called before its forward pass.

        Args:
            strategy: the strategy that trains the network.
            step: number of the step since the task began, from 0.
            steps: number of steps over which beta rises.
        """
        if self.beta_end is not None:
            relevance_network(strategy).tighten(self.beta_end, step=step, steps=steps)

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
        """Set live entries whose relevance is at most mu to zero, for the rest of the task."""
        relevance_network(strategy).prune(self.prune_below)

    def finish_task(self, strategy: SupervisedTemplate) -> None:
        """Store the task's rounded mapping and freeze the weights that it uses."""
        live = self.live_statistics(strategy)
        relevance_network(strategy).finish_task()
        for name, statistics in live.items():
            self.statistics.setdefault(name, []).append(statistics)
        self._first_masks = {}

    def live_statistics(self, strategy: SupervisedTemplate) -> dict[str, MaskStatistics]:
        """Per layer, the statistics of the mask of the task that is being learned."""
        layers = relevance_network(strategy).relevance_layers()
        return {
            name: mask_statistics(
                layer, unpack(self._first_masks[name], layer.weight.numel()).view(layer.view.shape)
            )
            for name, layer in layers.items()
        }

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

    Per experience: new mappings, BatchNorms and optimizer state; penalties on the mappings; a beta
    that rises over its steps; perhaps pruning. After each step the weights of earlier tasks are
    restored. At the end the rounded mapping is stored and its weights are frozen.

    Args:
        pruning: when entries that have not tightened towards one are set to zero. "none": never;
            "late": after each epoch in the last `prune_share` of a task's epochs but the last one,
            as other public code of the method does, so that the weights can adapt; "converged":
            once, after the epoch whose mean loss no longer falls by `tolerance`, as the paper does
            ("whenever the task loss converges").
        prune_share: share of the epochs for "late".
        tolerance: smallest relative fall of the loss that counts as progress, for "converged".
        own_outputs: whether outputs of other classes than the task's own are closed to it, where
            the experience says which classes it has. That is for a criterion over the task's own
            outputs: the loss stays the strategy's criterion, cross-entropy over all outputs unless
            another is given.
        transfer: whether each task begins from the mask of the finished task whose features suit
            its first examples best (`rmn.mapping.transfer`), and not from a random mask, as the
            paper's do. Where targets are no classes, (n,) of whole numbers, it begins at random.
        **arguments: arguments of `RelevancePlugin`.

    Raises:
        TypeError: at the first experience, if the strategy's model was not made by `convert`.
        ValueError: a setting or the value of one is unknown, `beta_end` is not above 0,
            `prune_below` is not in [0, 1), or `prune_share` not in [0, 1]; before any training, the
            strategy has a plugin of Avalanche against forgetting that cannot work beside this one.
        RuntimeError: a state that was saved within a task was loaded after the task's end.
    """

    def __init__(
        self,
        *,
        pruning: Literal["none", "late", "converged"] = "none",
        prune_share: float = 0.5,
        tolerance: float = 0.05,
        own_outputs: bool = False,
        transfer: bool = True,
        **arguments: Unpack[RelevanceArguments],
    ) -> None:
        known = RelevanceArguments.__annotations__
        for name in arguments.keys() - known:
            raise ValueError(
                f"{name} is no setting of RMNPlugin; use one of "
                f"{('pruning', 'prune_share', 'tolerance', 'own_outputs', 'transfer', *known)}"
            )
        super().__init__(**arguments)
        if pruning not in PRUNING:
            raise ValueError(f"pruning is {pruning!r}; use one of {PRUNING}")
        if not 0 <= prune_share <= 1:
            raise ValueError(f"prune_share is {prune_share}; it must lie in [0, 1]")
        self.pruning = pruning
        self.prune_share = prune_share
        self.own_outputs = own_outputs
        self.transfer = transfer
        self._convergence = Convergence(tolerance)
        self._epoch = 0
        self._pruned = False
        self._finished = 0  # tasks of the network when this plugin finished the newest one

    def before_training(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Refuse plugins that cannot work beside this one.

        Raises:
            ValueError: there is one.
        """
        check_other_plugins(strategy.plugins)

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Begin a task."""
        self._check_none_is_lost(strategy)
        experience = strategy.experience
        label = getattr(experience, "task_label", 0)
        if label in relevance_network(strategy).labels and not _has_router(strategy):
            warnings.warn(
                f"task label {label} again: RMN takes each experience for a task, and at "
                "evaluation it will infer which of that label an input belongs to, which the "
                f"network's own rule, {relevance_network(strategy).rule}, does badly; give each "
                "experience a label of its own (return_task_id=True in Avalanche's benchmarks), "
                'or let a router name the task: RMN(..., router="ridge-filters")',
                stacklevel=2,
            )
        classes = _classes_of(experience)
        self.begin_task(strategy, label, classes, _origin(strategy) if self.transfer else None)
        if self.own_outputs and len(classes):
            relevance_network(strategy).close_outputs(classes)
        self._convergence.reset()
        self._epoch, self._pruned = 0, False
        if self.pruning == "late" and self.prune_share * strategy.train_epochs < 1:
            warnings.warn(
                f"pruning never comes: of train_epochs={strategy.train_epochs}, a prune_share of "
                f"{self.prune_share} leaves no late epoch; train longer or raise prune_share",
                stacklevel=2,
            )

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Raise beta; the steps of a task are its epochs times its batches."""
        steps = strategy.train_epochs * len(strategy.dataloader)
        self.tighten(strategy, step=strategy.clock.train_exp_iterations, steps=steps)

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Look for examples of other tasks in the first batch, as a replay buffer adds them."""
        if strategy.clock.train_exp_iterations == 0:
            _warn_about_other_tasks(strategy)

    def before_backward(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Add the penalties to the loss, and record it."""
        super().before_backward(strategy, **kwargs)
        if self.pruning == "converged" and not self._pruned:
            self._convergence.update(strategy.loss)

    def after_training_epoch(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Prune, where it is time to."""
        self._epoch += 1
        if self._is_time_to_prune(strategy.train_epochs):
            self.prune(strategy)
            self._pruned = True

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Finish the task.

        Raises:
            RuntimeError: there was no training step, so that its mask would be a random one.
        """
        if not strategy.clock.train_exp_iterations:
            number = relevance_network(strategy).tasks + 1
            raise RuntimeError(
                f"no step was trained in task {number}, whose random mask "
                "would freeze half of the free weights; let train_epochs be at least 1, and "
                "leave out drop_last=True where an experience has less than a batch"
            )
        if self.pruning == "converged" and not self._pruned:
            warnings.warn(
                "pruning never came: the loss of the task had not converged; train longer or raise "
                "tolerance",
                stacklevel=2,
            )
        self.finish_task(strategy)
        self._finished = relevance_network(strategy).tasks

    def after_training(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Find out whether the network still has the tasks that were finished.

        Raises:
            RuntimeError: it is learning one of them again.
        """
        self._check_none_is_lost(strategy)

    def _check_none_is_lost(self, strategy: SupervisedTemplate) -> None:
        """Refuse a state from within a task that is finished, as a plugin for the best epoch loads.

        A state from between two tasks is another matter: it goes back to fewer tasks on purpose.

        Raises:
            RuntimeError: there is such a state.
        """
        network = relevance_network(strategy)
        if network.tasks < self._finished and None in network.available_tasks:
            raise RuntimeError(
                f"the network had finished {self._finished} tasks and now is learning task "
                f"{network.tasks + 1}: a state was loaded that was saved within that task; load it "
                "before the task is finished, as in after_training_epoch of the last epoch"
            )

    def _is_time_to_prune(self, epochs: int) -> bool:
        if self.pruning == "late":
            return self._epoch < epochs <= self._epoch + self.prune_share * epochs
        return self.pruning == "converged" and not self._pruned and self._convergence.end_window()


def relevance_network(strategy: SupervisedTemplate) -> RelevanceNetwork:
    """The strategy's model.

    Raises:
        TypeError: it was not made by `convert`.
    """
    if not isinstance(strategy.model, RelevanceNetwork):
        kind = type(strategy.model).__name__
        if isinstance(getattr(strategy.model, "_orig_mod", None), RelevanceNetwork):
            raise TypeError("the model is compiled from outside; call model.compile() instead")
        if isinstance(getattr(strategy.model, "module", None), RelevanceNetwork):
            raise TypeError(f"the model is in a {kind}; give the strategy the network itself")
        raise TypeError(f"the model is a {kind}; wrap it first: model=rmn.convert(model)")
    return strategy.model


def _origin(strategy: SupervisedTemplate) -> Origin | None:
    """What the mask of the experience's task begins from; None where there is nothing to choose."""
    network = relevance_network(strategy)
    if not network.tasks:
        return None
    x, y = _first_examples(strategy)
    of_classes = y.dim() == 1 and not y.is_floating_point()
    if not of_classes:
        return None
    size = max(strategy.train_mb_size, strategy.eval_mb_size)  # what the memory is enough for
    return most_suitable_task(network, x, y, batch_size=size)


def _first_examples(strategy: SupervisedTemplate) -> tuple[Tensor, Tensor]:
    """Some of the experience's training examples in random order: inputs (n, ...), classes (n,)."""
    dataset = strategy.adapted_dataset
    generator = torch.Generator().manual_seed(0)  # the order of the training batches stays
    loader = DataLoader(
        dataset,
        batch_size=_PROBED,
        shuffle=True,
        generator=generator,
        collate_fn=dataset.collate_fn,
    )
    x, y, *_ = next(iter(loader))
    return x.to(strategy.device), y.to(strategy.device)


def _has_router(strategy: SupervisedTemplate) -> bool:
    """Whether something beside the network names tasks."""
    return any(isinstance(plugin, RoutingPlugin) for plugin in strategy.plugins)


def _classes_of(experience: CLExperience) -> Sequence[int]:
    """The experience's classes, () if it has no such attribute; one that raises is not hidden."""
    if getattr_static(experience, "classes_in_this_experience", None) is None:
        return ()
    classes: Sequence[int] = experience.classes_in_this_experience
    return classes


def _warn_about_other_tasks(strategy: SupervisedTemplate) -> None:
    experience = strategy.experience
    label = getattr(experience, "task_label", 0)
    labelled = len(strategy.mbatch) > 2  # inputs, classes, task labels
    labels = torch.unique(strategy.mb_task_id).tolist() if labelled else []
    found = {
        "task labels": set(labels) - {label},
        "classes": set(torch.unique(strategy.mb_y).tolist())
        - set(_classes_of(experience) or strategy.mb_y.tolist()),
    }
    for kind, others in found.items():
        if others:
            warnings.warn(
                f"examples with {kind} {sorted(others)} are trained in task {label}, as by a "
                "replay plugin: they teach the new mask old tasks, which have their own; leave "
                "that plugin out, for RMN forgets nothing without it",
                stacklevel=3,
            )
            return


def _warn_about_weight_decay(strategy: SupervisedTemplate) -> None:
    mappings = {id(mappings.mapping) for mappings in relevance_network(strategy).mappings}
    for group in strategy.optimizer.param_groups:
        if group.get("weight_decay") and any(id(one) in mappings for one in group["params"]):
            warnings.warn(
                "the optimizer's weight decay draws relevance mappings to zero, which closes the "
                "network; give them a group without it, as rmn.parameter_groups does",
                stacklevel=4,
            )
