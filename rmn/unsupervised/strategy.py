"""RMN without task labels as an Avalanche strategy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Unpack

import torch
from torch import Tensor, nn

from rmn.convergence import Convergence
from rmn.mapping.mask_statistics import MaskStatistics
from rmn.plugin import RelevancePlugin, RMNPlugin
from rmn.strategy import RelevanceStrategy, StrategyArguments
from rmn.tasks.features import last_layer_inputs
from rmn.unsupervised.known_examples import FILTERS, known_examples
from rmn.unsupervised.switch_detection import BatchOutputs, LossRise, SwitchDetector


class RMNUnsupervised(RelevanceStrategy):
    """Relevance Mapping Networks on a plain sequence of batches (Algorithm 2).

    It uses neither task labels nor the boundaries of experiences nor the number of tasks; `train`
    can be called with one long experience or with many. Of each batch, the examples that a finished
    mask knows are left out. If the others are novel to the live mask, that mask is finished and a
    new one begun. Each step on data is followed by one towards zero output on noise.

    Avalanche's `after_training_iteration` event is sent for every batch, also for those from which
    nothing is learned; all other events of a training step only for batches that are learned from.
    In the former, `mb_output` and `loss` are those of the live mask in evaluation mode on the whole
    batch. So plugins that count batches see the whole stream.

    Args:
        model: a network made by `rmn.convert`.
        optimizer: optimizer of the model's parameters.
        detector: detects task switches; None for `LossRise` with its defaults.
        rmn: penalties, pruning and the step on negative samples; None for the defaults with a
            negative loss weight of 0.1.
        filter_by: what makes an example known to a finished mask, see `known_examples`.
        presence_threshold: share of a batch that a finished mask must know for its task to count as
            present; below it, an example is known by chance and is not left out.
        min_unknown_share: share of a batch that must be unknown for anything to be learned from it.
        min_probability: once the detector has warmed up, the live mask does not learn from an
            example whose right class has a lower probability; otherwise the live mask would learn a
            task that begins gradually before its switch is detected. 0 learns from every example.
        tightening_steps: number of optimizer steps on data, from a switch on, over which beta
            rises; the length of a task is not known. A rise that is much faster than tasks are long
            moves the rounded outputs that the detector sees, and raises false alarms.
        convergence_window: number of steps whose mean loss is compared to detect convergence, when
            the live mask is pruned once; None for no pruning.
        **arguments: batch sizes, epochs, device, criterion, further plugins, evaluator, as for any
            Avalanche strategy; see `StrategyArguments`.

    Attributes:
        switches: index of the batch at which each mask was begun, counted over the whole stream;
            that of a mask in learning that came with the model is where the strategy took it over.

    Raises:
        TypeError: the model was not made by `rmn.convert`, the detector or RMN's plugin is of
            another kind, or an argument is unknown.
        ValueError: `presence_threshold`, `min_unknown_share` or `min_probability` is not in [0, 1],
            `filter_by` is unknown, `tightening_steps` is below 1, or `train_mb_size` is below 2.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        detector: SwitchDetector | None = None,
        rmn: RelevancePlugin | None = None,
        filter_by: Literal["label", "activation", "nothing"] = "label",
        presence_threshold: float = 0.25,
        min_unknown_share: float = 0.1,
        min_probability: float = 0.01,
        tightening_steps: int = 1000,
        convergence_window: int | None = None,
        **arguments: Unpack[StrategyArguments],
    ) -> None:
        shares = {
            "presence_threshold": presence_threshold,
            "min_unknown_share": min_unknown_share,
            "min_probability": min_probability,
        }
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share}; it must lie in [0, 1]")
        if filter_by not in FILTERS:
            raise ValueError(f"filter_by is {filter_by!r}; use one of {FILTERS}")
        if isinstance(rmn, RMNPlugin) or not isinstance(rmn, RelevancePlugin | None):
            raise TypeError(
                f"rmn is {rmn!r}; RMNUnsupervised finds tasks itself, and takes a plugin that "
                "knows of none: rmn=RelevancePlugin(negative_loss_weight=0.1)"
            )
        if not isinstance(detector, SwitchDetector | None):
            raise TypeError(f"detector is {detector!r}; give a SwitchDetector, such as LossRise()")
        plugin = rmn or RelevancePlugin(negative_loss_weight=0.1)
        super().__init__(model=model, optimizer=optimizer, plugin=plugin, **arguments)
        if tightening_steps < 1:
            raise ValueError(f"tightening_steps is {tightening_steps}; it must be at least 1")
        if self.train_mb_size < 2:
            raise ValueError(f"train_mb_size is {self.train_mb_size}; BatchNorm needs at least 2")
        self.detector = detector or LossRise()
        self.filter_by = filter_by
        self.presence_threshold = presence_threshold
        self.min_unknown_share = min_unknown_share
        self.min_probability = min_probability
        self.tightening_steps = tightening_steps
        self.convergence_window = convergence_window
        self.switches: list[int] = []
        self._batches_seen = 0
        self._steps_since_switch = 0
        self._convergence = Convergence(tolerance=0.05)
        self._pruned = False

    def forward(self) -> Tensor:
        """Logits of the batch, (n, outputs), without its task labels."""
        logits: Tensor = self.model(self.mb_x)
        return logits

    def training_epoch(self, **kwargs: Any) -> None:
        """Learn from the batches in their order."""
        for self.mbatch in self.dataloader:  # noqa: B020 - as in Avalanche's own loop
            if self._stop_training:
                break
            self._unpack_minibatch()
            learned = self._examples_to_learn()
            if learned.sum() > 1:  # BatchNorm cannot learn from a single example
                self.mbatch = [column[learned] for column in self.mbatch]
                self._training_step(**kwargs)
            else:
                self._evaluate_batch()
            self._batches_seen += 1
            self._after_training_iteration(**kwargs)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks, the live one rounded, bool, (masks, *weight shape)."""
        return {
            name: torch.cat([layer.masks(), layer.live_mask()[None]])
            for name, layer in self.model.relevance_layers().items()
        }

    def mask_statistics(self) -> Mapping[str, Sequence[MaskStatistics]]:
        """Per layer, the statistics of the masks, the live one as it is now."""
        live = self.rmn.live_statistics(self)
        return {name: [*self.rmn.statistics.get(name, ()), one] for name, one in live.items()}

    def _examples_to_learn(self) -> Tensor:
        """Filter the batch and look for a task switch.

        Returns:
            Which examples the live mask, perhaps a new one, is to learn from, bool, (n,).
        """
        every = torch.ones_like(self.mb_y, dtype=torch.bool)
        if None not in self.model.available_tasks:
            self._begin_mask()
            return every
        if not self.switches:
            self._take_over_mask()
        known, outputs = self._evaluate_masks()
        # A mask is right by chance about some examples of any task. These say nothing about a
        # switch, but only a mask that knows much of the batch may keep them from being learned.
        unknown = ~known.any(0)
        if unknown.sum() < max(2, self.min_unknown_share * len(unknown)):
            return ~every
        present = known.float().mean(1) >= self.presence_threshold
        learned = ~(known & present[:, None]).any(0)
        if self.detector.detect_switch(outputs.select(unknown)):
            self.rmn.finish_task(self)
            self._begin_mask()
        elif self.detector.is_warm:
            learned &= outputs.probability() >= self.min_probability
        return learned

    @torch.no_grad()
    def _evaluate_masks(self) -> tuple[Tensor, BatchOutputs]:
        """Which examples each finished mask knows, (masks, n), and the live mask's outputs."""
        self.model.eval()
        with last_layer_inputs(self.model.body) as features:
            logits = self.model.logits_per_task(self.mb_x)
        self.model.train()
        known = known_examples(logits[:-1], self.mb_y, self.filter_by)
        return known, BatchOutputs(logits[-1], self.mb_y, features[-1])

    @torch.no_grad()
    def _evaluate_batch(self) -> None:
        """Set `mb_output` and `loss` of a batch that is not learned from."""
        self.model.eval()
        self.mb_output = self.model.forward_task(self.mb_x, None)
        self.model.train()
        self.loss = self.criterion()

    def _begin_mask(self) -> None:
        self.rmn.begin_task(self, max(self.model.labels, default=-1) + 1, ())
        self._watch_mask(steps=0)

    def _take_over_mask(self) -> None:
        """Go on with the mask that a loaded network was learning."""
        self.rmn.take_over_task(self)
        self._watch_mask(steps=self._steps_of_beta())

    def _steps_of_beta(self) -> int:
        """Number of steps of the rise that lead to the live mask's beta."""
        mappings, last = self.model.mappings[0], self.rmn.beta_end
        if last is None or last == mappings.first_beta:
            return 0
        risen = math.log(float(mappings.beta.mean()) / mappings.first_beta)
        progress = risen / math.log(last / mappings.first_beta)
        return max(0, round(progress * (self.tightening_steps - 1)))

    def _watch_mask(self, *, steps: int) -> None:
        """Note that the live mask is a new one for this strategy, `steps` steps into its rise."""
        self.switches.append(self._batches_seen)
        self._steps_since_switch = steps
        self.detector.reset()
        self._convergence.reset()
        self._pruned = False

    def _training_step(self, **kwargs: Any) -> None:
        """One step on the batch, with Avalanche's events up to `after_update`."""
        self._before_training_iteration(**kwargs)
        self.rmn.tighten(self, step=self._steps_since_switch, steps=self.tightening_steps)
        self._steps_since_switch += 1
        self.optimizer.zero_grad()
        self.loss = self._make_empty_loss()
        self._before_forward(**kwargs)
        self.mb_output = self.forward()
        self._after_forward(**kwargs)
        self.loss += self.criterion()
        self._before_backward(**kwargs)
        self.backward()
        self._after_backward(**kwargs)
        self._before_update(**kwargs)
        self.optimizer_step()
        self._after_update(**kwargs)
        self._prune_if_converged()

    def _prune_if_converged(self) -> None:
        if self._pruned or self.convergence_window is None:
            return
        self._convergence.update(self.loss)
        if self._convergence.steps == self.convergence_window and self._convergence.end_window():
            self.rmn.prune(self)
            self._pruned = True
