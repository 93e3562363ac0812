"""A network whose tasks have relevance mappings over shared weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from rmn.mapping.checkpoint import regroup
from rmn.mapping.flat_views import end_to_end
from rmn.mapping.layers import RelevanceLayer
from rmn.mapping.mappings import RelevanceMappings, soften
from rmn.tasks.network import TaskNetwork


class RelevanceNetwork(TaskNetwork):
    """Made by `rmn.convert`: each task has relevance mappings over shared weights.

    `state_dict` keeps a live task too; prices of its mappings, which are the plugin's, it does not.
    A network made on a GPU has its layers in other groups than one made on a processor; each loads
    what the other saved.

    Attributes:
        mappings: `RelevanceMappings`, each shared by some of its `rmn.mapping.layers.RelevanceLayer`s.
        cost: sum over the weights of price times relevance in the last training pass, a scalar.
    """

    mappings: Sequence[RelevanceMappings]

    def __init__(
        self, body: nn.Module, mappings: Sequence[RelevanceMappings], *, rule: str = "max-logit"
    ) -> None:
        super().__init__(body, rule=rule)
        self.mappings = cast(Sequence[RelevanceMappings], nn.ModuleList(mappings))
        self._relevance_layers = {
            name: layer for name, layer in body.named_modules() if isinstance(layer, RelevanceLayer)
        }
        self._slots = end_to_end(group.slots for group in mappings)
        self.cost = torch.zeros(())
        self.register_load_state_dict_post_hook(_resume)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        regroup(self.mappings, state_dict, f"{prefix}mappings.")
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def begin_task(self, label: int, classes: Sequence[int]) -> None:
        """Start to learn a task with fresh mappings and BatchNorm of its own.

        Args:
            label: task label, by which the task is asked for later.
            classes: that the task can answer; empty if they are not known, then all of them.
        """
        for mappings in self.mappings:
            mappings.begin_task()
        super().begin_task(label, classes)

    def finish_task(self) -> None:
        """Keep the task being learned for good.

        Raises:
            RuntimeError: no task was begun.
        """
        super().finish_task()
        for mappings in self.mappings:
            mappings.finish_task()
        self.cost = torch.zeros(())

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Logits (n, outputs) under learned task number `task`, or under the live one (None)."""
        if self.training and task is None:
            self.cost = soften(self.mappings, self._slots)
        return super().forward_task(x, task)

    def hold(self) -> None:
        """Undo what the optimizer did to fixed weights and to pruned entries."""
        for mappings in self.mappings:
            mappings.hold()
        self.cost = torch.zeros(())

    def prune(self, mu: float) -> None:
        """Zero the live entries whose relevance is at most `mu`, for the rest of the task."""
        for mappings in self.mappings:
            mappings.prune(mu)

    def relevance_layers(self) -> dict[str, RelevanceLayer]:
        """The layers with relevance mappings by their name in the original module."""
        return self._relevance_layers

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the masks of the learned tasks, bool, (tasks, *weight shape)."""
        return {name: layer.masks() for name, layer in self._relevance_layers.items()}


def _resume(network: Any, _: Any) -> None:
    if None in network.functions:
        for mappings in network.mappings:
            mappings.resume()
