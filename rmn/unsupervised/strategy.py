"""RMN without task labels, in training or at test: Algorithm 2 of the paper's supplement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.plugins.evaluation import default_evaluator
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from rmn.convergence import Convergence
from rmn.mapping.network import RelevanceNetwork
from rmn.plugin import RelevancePlugin, network
from rmn.tasks.features import last_layer_inputs
from rmn.unsupervised.known_examples import explained
from rmn.unsupervised.switch_detection import Evidence, LossRise, SwitchDetector


class RMNUnsupervised(SupervisedTemplate):
    """Relevance Mapping Networks on a plain sequence of batches (Algorithm 2).

    Neither task labels nor the borders of experiences are looked at, nor how many tasks there are;
    `train` may be called with one long experience or with many. Of each batch, what a finished
    mask explains is left out. If the rest is unfamiliar to the live mask, that mask is finished and
    a new one begun. After each step on data comes one on noise, towards zero output.

    Args:
        model: made by `rmn.convert`.
        optimizer: over the model's parameters.
        criterion: loss on logits and classes.
        detector: notices new tasks; None for `LossRise` with its defaults.
        rmn: penalties, the step on noise and pruning; None for the defaults with a noise weight
            of 0.1.
        filter_by: what makes an example known to a mask (line 4): "label", the right class has at
            least half of the probability; "activation", some class has at least nine tenths;
            "nothing" leaves no example out.
        presence: share of a batch that a mask must explain before it counts as present; below it,
            what it explains is chance.
        fresh: share of a batch that must be left to learn anything from it.
        hold_back: once the live mask has warmed up, it does not learn from an example whose right
            class has less probability than this; a task that comes in gradually would otherwise be
            learned by the old mask before it is noticed. 0 learns from every example.
        stretch: steps over which the mean loss is taken to see whether it has converged.
        train_mb_size: examples per step.
        train_epochs: passes over each experience.
        eval_mb_size: examples per evaluation batch.
        device: where to train.
        plugins: further Avalanche plugins.
        evaluator: Avalanche's metrics and loggers.
        eval_every: see Avalanche.

    Attributes:
        switches: number of the batch at which each mask was begun, counted over the whole stream.

    Raises:
        TypeError: the model was not made by `rmn.convert`.
        ValueError: `presence`, `fresh` or `hold_back` is not in [0, 1], or a batch would be one
            example.
    """

    model: RelevanceNetwork

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        criterion: Callable[[Tensor, Tensor], Tensor] | None = None,
        detector: SwitchDetector | None = None,
        rmn: RelevancePlugin | None = None,
        filter_by: Literal["label", "activation", "nothing"] = "label",
        presence: float = 0.25,
        fresh: float = 0.1,
        hold_back: float = 0.01,
        stretch: int = 100,
        train_mb_size: int = 128,
        train_epochs: int = 1,
        eval_mb_size: int = 1024,
        device: str | torch.device = "cpu",
        plugins: Sequence[Any] | None = None,
        evaluator: EvaluationPlugin | Callable[[], EvaluationPlugin] = default_evaluator,
        eval_every: int = -1,
    ) -> None:
        shares = {"presence": presence, "fresh": fresh, "hold_back": hold_back}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is {share}; it must lie in [0, 1]")
        if train_mb_size < 2:
            raise ValueError(f"train_mb_size is {train_mb_size}; BatchNorm needs at least 2")
        self.rmn = rmn or RelevancePlugin(quiet_weight=0.1)
        super().__init__(
            model=model,
            optimizer=optimizer,
            criterion=criterion or nn.CrossEntropyLoss(),
            train_mb_size=train_mb_size,
            train_epochs=train_epochs,
            eval_mb_size=eval_mb_size,
            device=device,
            plugins=[self.rmn, *(plugins or ())],
            evaluator=evaluator,
            eval_every=eval_every,
        )
        network(self)
        self.detector = detector or LossRise()
        self.filter_by = filter_by
        self.presence = presence
        self.fresh = fresh
        self.hold_back = hold_back
        self.stretch = stretch
        self.switches: list[int] = []
        self._seen = 0
        self._convergence = Convergence(tolerance=0.05)
        self._pruned = False

    def forward(self) -> Tensor:
        """Logits of the batch under the live mask; its task labels, if any, are not looked at."""
        logits: Tensor = self.model(self.mb_x)
        return logits

    def training_epoch(self, **kwargs: Any) -> None:
        """Learn from the batches as they come."""
        for self.mbatch in self.dataloader:  # noqa: B020 - as Avalanche's own loop
            if self._stop_training:
                break
            self._unpack_minibatch()
            if self._prepare():
                self._step(**kwargs)
            self._seen += 1

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every mask, the live one last, (masks, n, outputs)."""
        return self.model.logits_per_task(x)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks, the live one rounded, bool, (masks, *weight shape)."""
        return {
            name: torch.cat([layer.masks(), layer.live_mask()[None]])
            for name, layer in self.model.relevance_layers().items()
        }

    def _prepare(self) -> bool:
        """Filter the batch and look for a switch; whether there is anything to learn from."""
        if not self.switches:
            self._begin_mask()
            return len(self.mb_y) > 1
        known, live, features = self._look()
        # A mask is right by chance about some examples of any task. These tell nothing about a
        # switch, but only a mask that explains much of the batch may keep them from being learned.
        unknown = ~known.any(0)
        present = known.float().mean(1) >= self.presence
        learned = ~(known & present[:, None]).any(0)
        if unknown.sum() < max(2, self.fresh * len(unknown)):
            return False
        if self.detector.switched(Evidence(live[unknown], self.mb_y[unknown], features[unknown])):
            self.rmn.finish_task(self)
            self._begin_mask()
        elif self.detector.warm:
            right = live.softmax(-1).gather(1, self.mb_y[:, None]).squeeze(1)
            learned &= right >= self.hold_back
        self.mbatch = [column[learned] for column in self.mbatch]
        return len(self.mb_y) > 1  # BatchNorm cannot learn from a single example

    @torch.no_grad()
    def _look(self) -> tuple[Tensor, Tensor, Tensor]:
        """What finished masks explain, (masks, n), and the live mask's logits and features."""
        self.model.eval()
        with last_layer_inputs(self.model.body) as inputs:
            logits = self.model.logits_per_task(self.mb_x)
        self.model.train()
        return explained(logits[:-1], self.mb_y, self.filter_by), logits[-1], inputs[-1]

    def _begin_mask(self) -> None:
        self.rmn.begin_task(self, len(self.switches), ())
        self.switches.append(self._seen)
        self.detector.restart()
        self._convergence.restart()
        self._pruned = False

    def _step(self, **kwargs: Any) -> None:
        """One step on data with Avalanche's events."""
        self._before_training_iteration(**kwargs)
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
        self._prune_when_converged()
        self._after_training_iteration(**kwargs)

    def _prune_when_converged(self) -> None:
        if self._pruned:
            return
        self._convergence.note(self.loss)
        if self._convergence.noted == self.stretch and self._convergence.reached():
            self.rmn.prune(self)
            self._pruned = True
