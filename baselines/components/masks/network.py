"""A network in which each task uses a part of shared weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from baselines.components.masks.masked_layer import MaskedLayer
from rmn.tasks.features import last_layer
from rmn.tasks.layers import TaskBatchNorm, TaskHead, TaskLayer
from rmn.tasks.network import TaskNetwork
from rmn.tasks.replacement import replace_layers

MakeLayer = Callable[[nn.Linear | nn.Conv2d], MaskedLayer]
MakeNorm = Callable[[_BatchNorm], TaskLayer]


class MaskNetwork(TaskNetwork):
    """A network of `MaskedLayer`s.

    Args:
        network: any module of Linear, Conv2d and BatchNorm layers; changed in place.
        layer: makes a masked layer of a Linear or Conv2d.
        output_layer: likewise, of the last one.
        norm: one BatchNorm for each task, or one for all.
        shared_norm: makes a layer of a BatchNorm for all; None: it stays one, goes on learning and
            undoes what masks protect.
        head: whether all tasks share the last layer or have one each, without masks.
        rule: rule of task inference, one of `rmn.tasks.inference.RULES`.

    Raises:
        ValueError: a head per task is asked for, and the last layer is no Linear.
    """

    def __init__(
        self,
        network: nn.Module,
        layer: MakeLayer,
        output_layer: MakeLayer,
        *,
        norm: Literal["per-task", "shared"] = "per-task",
        shared_norm: MakeNorm | None = None,
        head: Literal["shared", "per-task"] = "shared",
        rule: str = "max-logit",
    ) -> None:
        last = last_layer(network)
        make_norm = TaskBatchNorm if norm == "per-task" else shared_norm

        def replacement(module: nn.Module) -> nn.Module | None:
            if module is last and head == "per-task":
                if not isinstance(module, nn.Linear):
                    raise ValueError(f"a head is a Linear layer, not {type(module).__name__}")
                return TaskHead(module)
            if isinstance(module, nn.Linear | nn.Conv2d):
                return (output_layer if module is last else layer)(module)
            if isinstance(module, _BatchNorm) and make_norm is not None:
                return make_norm(module)
            return None

        super().__init__(replace_layers(network, replacement), rule=rule)
        self._masked = {
            name: module
            for name, module in self.body.named_modules()
            if isinstance(module, MaskedLayer)
        }

    @property
    def masked_layers(self) -> Mapping[str, MaskedLayer]:
        """The layers with masks, by their names in the original module."""
        return self._masked

    def open_outputs(self, outputs: Sequence[int]) -> None:
        """Close all outputs but these for the live task, where the last layer has masks."""
        layer = last_layer(self.body)
        if isinstance(layer, MaskedLayer):
            layer.open_outputs(outputs)

    def restore(self) -> None:
        """Undo what the optimizer did to weights that are held; call it after each step."""
        for layer in self._masked.values():
            layer.restore()

    def masks(self) -> Mapping[str, Tensor]:
        """Per layer, the weights that each learned task uses: bool, (tasks, *weight shape)."""
        return {name: layer.masks() for name, layer in self._masked.items()}

    def parameter_groups(self, *, lr: float, score_lr: float) -> list[dict[str, Any]]:
        """Parameter groups of an optimizer with a learning rate for what masks are chosen by.

        Args:
            lr: of weights, heads and BatchNorms.
            score_lr: of scores.
        """
        scores: list[nn.Parameter] = []
        others: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            (scores if name.endswith(".scores") else others).append(parameter)
        return [{"params": others, "lr": lr}, {"params": scores, "lr": score_lr}]
