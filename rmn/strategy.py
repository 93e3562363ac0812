"""RMN as an Avalanche strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any, Literal, TypedDict, Unpack

import torch
from avalanche.training.plugins import EvaluationPlugin, SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from rmn.mapping.mask_statistics import MaskStatistics
from rmn.mapping.network import RelevanceNetwork
from rmn.plugin import RelevancePlugin, RMNPlugin, relevance_network
from rmn.routing import NetworkRouting


class StrategyArguments(TypedDict, total=False):
    """Arguments of Avalanche's `SupervisedTemplate` that strategies with relevance mappings take.

    Attributes:
        criterion: loss of logits (n, outputs) and classes (n,); None or left out: cross-entropy.
        train_mb_size: examples per training step, 128 by default.
        train_epochs: passes over each experience, 1 by default.
        eval_mb_size: examples per evaluation batch, 1024 by default; the larger of it and
            `train_mb_size` also bounds what the network is given at a time when a mask to begin
            from is chosen (up to 512 examples) and a router fitted (up to 1000).
        device: where to train, "cpu" by default.
        plugins: further Avalanche plugins.
        evaluator: Avalanche's metrics and loggers, or a function that makes them.
        eval_every: epochs or iterations between evaluations during training, -1 for none.
        peval_mode: the unit of `eval_every`, "epoch" by default.
    """

    criterion: Callable[[Tensor, Tensor], Tensor] | None
    train_mb_size: int
    train_epochs: int
    eval_mb_size: int
    device: str | torch.device
    plugins: Sequence[SupervisedPlugin] | None
    evaluator: EvaluationPlugin | Callable[[], EvaluationPlugin]
    eval_every: int
    peval_mode: Literal["epoch", "iteration", "experience"]


class RelevanceStrategy(SupervisedTemplate):
    """`SupervisedTemplate` on a converted model, with RMN's plugin before all others.

    Args:
        model: a network made by `rmn.convert`.
        optimizer: optimizer of the model's parameters.
        plugin: RMN's plugin.
        **arguments: see `StrategyArguments`.

    Attributes:
        rmn: RMN's plugin.

    Raises:
        TypeError: the model was not made by `rmn.convert`, the optimizer is none or needs a
            closure, there are two plugins of RMN, or an argument is unknown.
        ValueError: the optimizer has several groups, and some of the model's parameters in none.
    """

    model: RelevanceNetwork

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        plugin: RelevancePlugin,
        **arguments: Unpack[StrategyArguments],
    ) -> None:
        if isinstance(optimizer, type):
            raise TypeError(
                f"the optimizer is the class {optimizer.__name__}; make one of it: "
                f"{optimizer.__name__}(model.parameters(), lr=0.001)"
            )
        step = signature(optimizer.step).parameters.get("closure")
        if step is not None and step.default is Parameter.empty:
            raise TypeError(
                f"Avalanche gives no closure to {type(optimizer).__name__}, which needs one; use "
                "another optimizer, such as torch.optim.Adam"
            )
        sizes: StrategyArguments = {"train_mb_size": 128, "eval_mb_size": 1024}
        criterion = arguments.pop("criterion", None) or nn.CrossEntropyLoss()
        others = list(arguments.pop("plugins", None) or ())
        if any(isinstance(one, RelevancePlugin) for one in others):
            raise TypeError(
                f"{type(self).__name__} has a plugin of RMN already; give it another one's "
                "settings in the place of its own, not beside it: rmn=..., not plugins=[...]"
            )
        plugins = [plugin, *others]
        super().__init__(
            model=model,
            optimizer=optimizer,
            criterion=criterion,
            plugins=plugins,
            **(sizes | arguments),
        )
        _check_groups(optimizer, relevance_network(self))
        self.rmn = plugin

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under every learned task, (tasks, n, outputs).

        A task that is being learned comes last.

        Raises:
            RuntimeError: there is no task yet.
        """
        if not self.model.available_tasks:
            raise RuntimeError("no task has been learned or begun, so none has logits; train first")
        return self.model.logits_per_task(x)

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from: weights, packed masks, BatchNorms."""
        return self.model.inference_tensors()

    def newest_logits(self, x: Tensor, *, rounded: bool) -> Tensor:
        """Logits under the mask that is being learned or was learned last, (n, outputs).

        Args:
            x: inputs, (n, ...).
            rounded: whether its relevances are rounded to zero and one.
        """
        return self.model.newest_logits(x, rounded=rounded)

    def mask_statistics(self) -> Mapping[str, Sequence[MaskStatistics]]:
        """Per layer, the statistics of the masks of the tasks that this strategy has learned."""
        return self.rmn.statistics


class RMN(RelevanceStrategy):
    """Relevance Mapping Networks (Kaushik et al. 2021), Algorithm 1.

    It is `SupervisedTemplate` with `RMNPlugin`; other plugins, loggers and metrics of Avalanche can
    be added as to any strategy.

    Args:
        model: a network made by `rmn.convert`.
        optimizer: optimizer of the model's parameters; `rmn.parameter_groups` gives the mappings a
            learning rate of their own.
        rmn: the plugin with RMN's own settings; None for their defaults.
        router: what names the task of an input whose label does not: one of
            `rmn.tasks.routing.ROUTERS`, such as "ridge-filters", which is fitted to each experience
            in one pass, keeps statistics of the data and is saved with the model. None for the
            model's rule, the paper's "max-logit" unless `convert` was given another.
        **arguments: batch sizes, epochs, device, criterion, further plugins, evaluator, as for any
            Avalanche strategy; see `StrategyArguments`.

    Raises:
        TypeError: the model was not made by `rmn.convert`, the optimizer or RMN's plugin is none,
            or an argument is unknown.
        ValueError: there is no such router, or the optimizer lacks parameters of the model.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        rmn: RMNPlugin | None = None,
        router: str | None = None,
        **arguments: Unpack[StrategyArguments],
    ) -> None:
        if not isinstance(rmn, RMNPlugin | None):
            raise TypeError(f"rmn is {rmn!r}; give a plugin: rmn=RMNPlugin(l0_weight=0.3)")
        if router is not None:
            arguments["plugins"] = [NetworkRouting(router), *(arguments.get("plugins") or ())]
        super().__init__(model=model, optimizer=optimizer, plugin=rmn or RMNPlugin(), **arguments)

    def logits_of_task(self, x: Tensor, task: int) -> Tensor:
        """Logits under one learned task, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task: index of the learned task.
        """
        return self.model.forward_task(x, task)

    def fingerprint(self, task: int) -> bytes:
        """Digest of all tensors that determine the logits under learned task number `task`."""
        return self.model.fingerprint(task)

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """Learned task of each input x (n, ...) by SupSup's one-shot gradient, (n,), int64."""
        return self.model.infer_task_in_one_shot(x)

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks of the learned tasks, bool, (tasks, *weight shape)."""
        return self.model.masks()


def _check_groups(optimizer: torch.optim.Optimizer, model: RelevanceNetwork) -> None:
    """Refuse several groups that lack parameters; of a single one Avalanche makes the model's.

    Args:
        optimizer: of the model's parameters.
        model: the network that is trained.
    """
    groups = optimizer.param_groups
    known = {id(parameter) for group in groups for parameter in group["params"]}
    lacking = [name for name, one in model.named_parameters() if id(one) not in known]
    if len(groups) > 1 and lacking:
        raise ValueError(
            f"no group of the optimizer has {', '.join(lacking[:3])}"
            f"{f' and {len(lacking) - 3} more' if len(lacking) > 3 else ''} of the converted "
            "network; make groups of its own parameters: "
            "rmn.parameter_groups(model, lr=..., mapping_lr=...)"
        )


def parameter_groups(model: nn.Module, *, lr: float, mapping_lr: float) -> list[dict[str, Any]]:
    """Parameter groups of an optimizer with another learning rate for mappings and betas.

    Mappings get no weight decay: it would draw all of them to zero, which closes the network.

    Args:
        model: a network made by `rmn.convert`.
        lr: learning rate of weights and BatchNorms.
        mapping_lr: learning rate of mappings and betas.
    """
    mappings: list[nn.Parameter] = []
    weights: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        is_mapping = name.startswith("mappings.") and name.rsplit(".", 1)[-1] in ("mapping", "beta")
        (mappings if is_mapping else weights).append(parameter)
    return [
        {"params": weights, "lr": lr},
        {"params": mappings, "lr": mapping_lr, "weight_decay": 0.0},
    ]
