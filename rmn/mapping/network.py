"""A network whose tasks have relevance mappings over shared weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from rmn.mapping.checkpoint import regroup_state_dict
from rmn.mapping.flat_views import concatenate_views
from rmn.mapping.layers import RelevanceLayer
from rmn.mapping.mappings import RelevanceMappings, compute_soft_weights
from rmn.tasks.features import last_layer
from rmn.tasks.network import TaskNetwork
from rmn.tasks.routing import ROUTERS, Router


class RelevanceNetwork(TaskNetwork):
    """A network with one relevance mapping per task; `rmn.convert` makes it.

    `state_dict` includes a task that is being learned, and the router with its statistics if there
    is one, but not the penalty weights, which the plugin sets. A network converted on a GPU groups
    its layers in another way than one converted on a processor; each loads the state of the other.

    Args:
        body: the module that computes the logits.
        mappings: `RelevanceMappings` of the body's `RelevanceLayer`s, in the order of the layers.
        rule: rule of task inference, one of `rmn.tasks.inference.RULES`.

    Attributes:
        router: names the task of an input whose label does not; None for `rule` alone.
        relevance_penalty: sum over all weights of penalty weight times relevance in the training
            step in progress, a scalar; zero outside one.
    """

    mappings: Sequence[RelevanceMappings]

    def __init__(
        self, body: nn.Module, mappings: Sequence[RelevanceMappings], *, rule: str = "max-logit"
    ) -> None:
        super().__init__(body, rule=rule)
        self.router: Router | None = None
        self.mappings = cast(Sequence[RelevanceMappings], nn.ModuleList(mappings))
        self._relevance_layers = {
            name: layer for name, layer in body.named_modules() if isinstance(layer, RelevanceLayer)
        }
        self._views = concatenate_views(group.views for group in mappings)
        self.relevance_penalty = torch.zeros(())
        self.register_load_state_dict_post_hook(_restore_live_task)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        regroup_state_dict(self.mappings, state_dict, f"{prefix}mappings.")
        saved = state_dict.get(f"{prefix}_extra_state", {}).get("router")
        if saved is not None and self.router is None:
            self.attach_router(*saved)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def begin_task(self, label: int, classes: Sequence[int]) -> None:
        """Begin to learn a task, with newly initialised mappings and BatchNorms of its own.

        Args:
            label: task label, which selects the task later.
            classes: classes of the task; empty if they are unknown, then all of them.
        """
        for mappings in self.mappings:
            mappings.begin_task()
        super().begin_task(label, classes)

    def attach_router(self, name: str, outputs: int) -> None:
        """Let a new router name the task of each input whose label does not (`rmn.tasks.routing`).

        It knows no task yet, and has to be fitted to each one that is learned.

        Args:
            name: one of `rmn.tasks.routing.ROUTERS`.
            outputs: number of logits.

        Raises:
            ValueError: there is no such router, or tasks have been learned that it would not know.
        """
        if name not in ROUTERS:
            raise ValueError(f"router is {name!r}; use one of {tuple(ROUTERS)}")
        if self.tasks > 1:
            raise ValueError(
                f"the network has learned {self.tasks} tasks without a router; give it one from "
                "the first task on"
            )
        self.router = ROUTERS[name](outputs)
        self.rule = name

    def begin_from(self, task: int) -> None:
        """Let the live mappings lean towards the mask of a learned task.

        The last layer is left as it was drawn: its rows belong to classes.

        Args:
            task: index of the learned task.
        """
        last = last_layer(self.body)
        for layer in self._relevance_layers.values():
            if layer is not last:
                layer.group.incline(layer.view, layer.masks()[task])

    def close_outputs(self, classes: Sequence[int]) -> None:
        """Close the last layer's mapping for outputs of other classes, for the rest of the task.

        For a loss over the task's own outputs, which would leave the others' entries as they were
        drawn, and half of the weights of tasks to come frozen. Nothing is closed where the last
        layer has no mapping.

        Args:
            classes: of the live task.
        """
        layer = last_layer(self.body)
        if isinstance(layer, RelevanceLayer):
            closed = torch.ones(layer.view.shape, dtype=torch.bool, device=layer.mapping.device)
            closed[list(classes)] = False
            layer.group.close(layer.view, closed)

    def finish_task(self) -> None:
        """Append the live task to the learned ones, and freeze the weights that it uses.

        Raises:
            RuntimeError: no task was begun.
        """
        super().finish_task()
        for mappings in self.mappings:
            mappings.finish_task()
        self.relevance_penalty = torch.zeros(())

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Logits under one task, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task: index of a learned task; None for the live task.
        """
        if self.training and task is None:
            self.relevance_penalty = compute_soft_weights(self.mappings, self._views)
        return super().forward_task(x, task)

    def tighten(self, last_beta: float, *, step: int, steps: int) -> None:
        """Raise beta to its value at an optimizer step; one that is learned is left alone.

        Call it before the step's forward pass.

        Args:
            last_beta: beta in the last step.
            step: number of the step, from 0.
            steps: number of steps of the task.
        """
        for mappings in self.mappings:
            mappings.tighten(last_beta, step=step, steps=steps)

    @torch.no_grad()
    def newest_logits(self, x: Tensor, *, rounded: bool) -> Tensor:
        """Logits under the live mask, or the one finished last, (n, outputs).

        The mapping of a finished task stays until the next one begins, so that what rounding does
        to it can be measured. BatchNorm is in evaluation mode either way.

        Args:
            x: inputs, (n, ...).
            rounded: whether relevances are rounded to zero and one, as they are stored.

        Raises:
            RuntimeError: the network is in training mode.
        """
        if self.training:
            raise RuntimeError("the network is in training mode; call eval() first")
        if rounded:
            return super().forward_task(x, None)
        compute_soft_weights(self.mappings, self._views)
        layers = self._relevance_layers.values()
        for layer in layers:
            layer.train()  # takes the soft weights
        try:
            return super().forward_task(x, None)
        finally:
            for layer in layers:
                layer.eval()
            for mappings in self.mappings:
                mappings.soft_weights = ()

    def restore_frozen_weights(self) -> None:
        """Undo what the optimizer did to frozen weights and to pruned entries.

        Call it after each optimizer step.
        """
        for mappings in self.mappings:
            mappings.restore_frozen_weights()
        self.relevance_penalty = torch.zeros(())

    def prune(self, mu: float) -> None:
        """Set live entries whose relevance is at most `mu` to zero, for the rest of the task."""
        for mappings in self.mappings:
            mappings.prune(mu)

    def relevance_layers(self) -> dict[str, RelevanceLayer]:
        """The layers with relevance mappings by their names in the original module."""
        return self._relevance_layers

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from, those of the router among them."""
        routing = self.router.inference_tensors() if self.router else []
        return [*super().inference_tensors(), *routing]

    def get_extra_state(self) -> dict[str, Any]:
        """What `state_dict` stores beside tensors."""
        router = (self.rule, self.router.outputs) if self.router else None
        return {**super().get_extra_state(), "router": router}

    def _forward_inferred(self, x: Tensor, candidates: Sequence[int | None]) -> Tensor:
        """Logits under the task that the router names; a task that is being learned is none yet."""
        learned = [task for task in candidates if task is not None]
        if self.router is None or not learned:
            return super()._forward_inferred(x, candidates)
        scores = self.router.scores(x, _LearnedTasks(self))[learned]
        named = torch.tensor(learned, device=x.device)[scores.argmax(0)]
        parts = {
            task: self.forward_task(x[named == task], task) for task in torch.unique(named).tolist()
        }
        logits = x.new_empty(len(x), next(iter(parts.values())).shape[-1])
        for task, part in parts.items():
            logits[named == task] = part
        return logits

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks of the learned tasks, bool, (tasks, *weight shape)."""
        return {name: layer.masks() for name, layer in self._relevance_layers.items()}


class _LearnedTasks:
    """A network without the task that is being learned, which no router knows.

    Args:
        network: the network.
    """

    def __init__(self, network: RelevanceNetwork) -> None:
        self.network = network

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under every learned task, (tasks, n, outputs)."""
        return self.network.logits_per_task(x)[: self.network.tasks]

    def features_per_task(self, x: Tensor) -> Tensor:
        """Inputs of the last layer under every learned task, (tasks, n, d)."""
        return self.network.features_per_task(x)[: self.network.tasks]


def _restore_live_task(network: RelevanceNetwork, _: Any) -> None:
    if None in network.available_tasks:
        for mappings in network.mappings:
            mappings.restore_live_task()
