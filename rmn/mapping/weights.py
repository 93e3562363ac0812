"""Weights that are multiplied by a relevance mapping per task, and weights that are fixed."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rmn.mapping.flat_views import flat_views
from rmn.mapping.mappings import RelevanceMappings
from rmn.mapping.mask_packing import pack, unpack
from rmn.mapping.seal import Seal
from rmn.tasks.buffers import resize_buffers


class RelevanceWeight(nn.Module):
    """One weight of a network, multiplied by a relevance mapping per task.

    Whatever module uses the weight computes with `masked_weight`: a Linear is then the "M-Linear"
    of the paper, a Conv2d its "M-Conv2D".

    Args:
        group: stores the values of this weight and perhaps of others.
        index: index of this weight in the group.

    Attributes:
        packed: masks of the finished tasks as bits, in the order in which the weight is stored,
            uint8, (tasks, ceil(numel / 8)).
    """

    packed: Tensor

    def __init__(self, group: RelevanceMappings, index: int) -> None:
        super().__init__()
        self.group: RelevanceMappings
        object.__setattr__(self, "group", group)  # registered by the network, once for all weights
        self.index = index
        self.view = group.views[index]
        self.register_buffer("packed", pack(self.pruned)[None][:0])
        self._seal = Seal(self.packed)

    @property
    def weight(self) -> Tensor:
        """The weight, shared by all tasks; a view."""
        return self.view.slice(self.group.weight)

    @property
    def mapping(self) -> Tensor:
        """Raw mapping of the live task, around [0, 1]; a view in the shape of `weight`."""
        return self.view.slice(self.group.mapping)

    @property
    def relevance(self) -> Tensor:
        """The live mapping after the soft-round, in the shape of `weight`."""
        return self.view.slice(self.group.relevance)

    @property
    def beta(self) -> Tensor:
        """Tightness of this weight's soft-round, a scalar."""
        beta = self.group.beta.detach()
        return beta[self.index] if beta.dim() else beta

    @property
    def pruned(self) -> Tensor:
        """Entries of the live mapping that stay zero, bool; a view in the shape of `weight`."""
        return self.view.slice(self.group.pruned)

    def masks(self) -> Tensor:
        """Masks of the finished tasks, bool, (tasks, *weight shape)."""
        masks = [self.view.unflatten(self._flat_mask(task)) for task in range(len(self.packed))]
        return torch.stack(masks) if masks else self.pruned.new_empty(0, *self.view.shape)

    def live_mask(self) -> Tensor:
        """The live mapping rounded at 0.5, bool, in the shape of `weight`."""
        return self.mapping.detach() > 0.5

    def masked_weight(self, task: int | None) -> Tensor:
        """The weight under one task, in its shape.

        Args:
            task: index of a finished task; None for the live task, whose mask is soft in training
                mode and rounded in evaluation mode. Only the live task's has a gradient.

        Raises:
            RuntimeError: the live task's is asked for in training mode outside a forward pass of
                the network.
        """
        if task is None and self.training:
            if not self.group.soft_weights:
                raise RuntimeError(
                    "a live task is trained through its network only: call the network that "
                    "rmn.convert returned, not a part of it"
                )
            return self.group.soft_weights[self.index]
        if task is None:
            weight, mask = self.weight, self.view.flatten(self.live_mask())
        else:
            weight, mask = self._finished_weight(), self._flat_mask(task)
        # flat: a product of kernels of one channel would not keep the layout of its factors
        return self.view.unflatten(self.view.flatten(weight) * mask)

    def finish_task(self) -> None:
        """Append the rounded live mask to those of the finished tasks."""
        live = pack(self.view.flatten(self.live_mask()))
        self.packed = torch.cat([self.packed, live[None]])
        self._seal = Seal(self.packed)

    def task_tensors(self, task: int) -> list[Tensor]:
        """A finished task's mask, and the entries of the weight that it uses."""
        used = self.view.flatten(self._finished_weight())[self._flat_mask(task)]
        return [self.packed[task], used]

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """The masks as bits, and the weight.

        Args:
            live: whether to add the rounded live mask.
        """
        added = [pack(self.view.flatten(self.live_mask()))] if live else []
        return [self.packed, *added, self.weight]

    def _flat_mask(self, task: int) -> Tensor:
        if not self._seal.fits_where(self.packed, lambda: self.packed):
            raise RuntimeError(
                "the stored masks of finished tasks have changed, as by an AveragedModel with "
                "use_buffers=True, which averages bits; leave it at False"
            )
        return unpack(self.packed[task], self.view.shape.numel())

    def _finished_weight(self) -> Tensor:
        """What finished tasks use of the weight, whatever an optimizer has just done to it."""
        return self.view.slice(self.group.finished_weight)

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *rest: object
    ) -> None:
        resize_buffers(self, ["packed"], state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._seal = Seal(self.packed)


class FixedWeight(RelevanceWeight):
    """A weight that needed no gradient when it was converted: all tasks use all of it, as it is.

    Args:
        module: has the weight, as a buffer, which no optimizer can reach.
        name: of the buffer.
    """

    def __init__(self, module: nn.Module, name: str) -> None:
        nn.Module.__init__(self)
        self.module: nn.Module
        object.__setattr__(self, "module", module)  # registered by the network's body
        self.name = name
        self.view = flat_views([self.weight])[0]
        self.register_buffer("packed", torch.empty(0, 0, dtype=torch.uint8))

    @property
    def weight(self) -> Tensor:
        """The weight."""
        return self.module.get_buffer(self.name)

    @property
    def mapping(self) -> Tensor:
        """Ones."""
        return torch.ones_like(self.weight)

    @property
    def relevance(self) -> Tensor:
        """Ones."""
        return torch.ones_like(self.weight)

    @property
    def beta(self) -> Tensor:
        """Infinite: there is nothing to round."""
        return self.weight.new_tensor(torch.inf)

    @property
    def pruned(self) -> Tensor:
        """All false."""
        return torch.zeros_like(self.weight, dtype=torch.bool)

    def masked_weight(self, task: int | None) -> Tensor:
        """The weight, which is the same under every task."""
        return self.weight

    def finish_task(self) -> None:
        """Count the task; its mask is all true and takes no bits."""
        self.packed = torch.cat([self.packed, self.packed.new_empty(1, 0)])

    def task_tensors(self, task: int) -> list[Tensor]:
        """Nothing: the module speaks for its buffer."""
        return []

    def inference_tensors(self, *, live: bool) -> list[Tensor]:
        """Nothing: the module speaks for its buffer."""
        return []

    def _flat_mask(self, task: int) -> Tensor:
        return torch.ones(self.view.shape.numel(), dtype=torch.bool, device=self.packed.device)
