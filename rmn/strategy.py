"""RMN as an Avalanche strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from avalanche.training.plugins import EvaluationPlugin
from avalanche.training.plugins.evaluation import default_evaluator
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from rmn.mapping.network import RelevanceNetwork
from rmn.plugin import RMNPlugin, network


class RMN(SupervisedTemplate):
    """Relevance Mapping Networks (Kaushik et al. 2021), Algorithm 1.

    It is `SupervisedTemplate` with `RMNPlugin`; other plugins, loggers and metrics of Avalanche can
    be given as to any strategy.

    Args:
        model: made by `rmn.convert`.
        optimizer: over the model's parameters; see `rmn.parameter_groups` for a learning rate of
            the mappings' own.
        criterion: loss on logits and classes.
        rmn: the plugin with RMN's own settings; None for the defaults.
        train_mb_size: examples per step.
        train_epochs: passes over each experience.
        eval_mb_size: examples per evaluation batch.
        device: where to train.
        plugins: further Avalanche plugins.
        evaluator: Avalanche's metrics and loggers.
        eval_every: see Avalanche.

    Raises:
        TypeError: the model was not made by `rmn.convert`.
    """

    model: RelevanceNetwork

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        criterion: Callable[[Tensor, Tensor], Tensor] | None = None,
        rmn: RMNPlugin | None = None,
        train_mb_size: int = 128,
        train_epochs: int = 1,
        eval_mb_size: int = 1024,
        device: str | torch.device = "cpu",
        plugins: Sequence[Any] | None = None,
        evaluator: EvaluationPlugin | Callable[[], EvaluationPlugin] = default_evaluator,
        eval_every: int = -1,
    ) -> None:
        super().__init__(
            model=model,
            optimizer=optimizer,
            criterion=criterion or nn.CrossEntropyLoss(),
            train_mb_size=train_mb_size,
            train_epochs=train_epochs,
            eval_mb_size=eval_mb_size,
            device=device,
            plugins=[rmn or RMNPlugin(), *(plugins or ())],
            evaluator=evaluator,
            eval_every=eval_every,
        )
        network(self)

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)

    def logits_of_task(self, x: Tensor, task: int) -> Tensor:
        """Logits under learned task number `task`, (n, outputs)."""
        return self.model.forward_task(x, task)

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits under learned task number `task`."""
        return self.model.fingerprint(task)

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """The task that SupSup's one-shot gradient names for each input, (n,), int64."""
        return self.model.infer_task_in_one_shot(x)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks of the learned tasks, bool, (tasks, *weight shape)."""
        return self.model.masks()


def parameter_groups(model: nn.Module, *, lr: float, mapping_lr: float) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer with its own learning rate for mappings and betas.

    Mappings have no weight decay: it would draw all of them to zero, which closes the network.
    """
    mappings: list[nn.Parameter] = []
    weights: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        own = name.rsplit(".", 1)[-1] in ("mapping", "beta")
        (mappings if own else weights).append(parameter)
    return [
        {"params": weights, "lr": lr},
        {"params": mappings, "lr": mapping_lr, "weight_decay": 0.0},
    ]
