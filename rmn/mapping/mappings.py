"""The weights of converted layers and their relevance mappings, several layers end to end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from rmn.mapping.flat_views import Slot, slots
from rmn.mapping.relevance import CACHED, SoftMask, initialise, joined, per_weight, soft_round


class RelevanceMappings(nn.Module):
    """What several layers share: one tensor of each kind, of which each layer has a slot.

    A training step handles every weight a dozen times. Layer by layer, the calls alone would cost a
    small network more than the arithmetic does.

    Args:
        weights: of the layers, copied; all on one device and of one type.
        beta: tightness of the soft-round.
        learn_beta: learn one beta per layer, starting from `beta`.
        initialisation: how fresh mappings are drawn, see `rmn.mapping.relevance.initialise`.
        spread: standard deviation of the normal initialisation.

    Attributes:
        slots: where each layer's values lie.
        weight: shared by all tasks, (n,).
        mapping: of the live task, (n,), raw values around [0, 1].
        beta: a scalar; a parameter with one value per layer where it is learned.
        uses: number of finished tasks that use each weight, int16, (n,).
        pruned: live entries that are held at zero, bool, (n,).
        price: what full relevance of each weight costs in the live task, (n,); None for nothing.
        soft: weights times relevance of each layer for the present training pass.
    """

    beta: Tensor
    uses: Tensor
    pruned: Tensor

    def __init__(
        self,
        weights: Sequence[Tensor],
        beta: float,
        learn_beta: bool,
        initialisation: str,
        spread: float,
    ) -> None:
        super().__init__()
        self.slots = slots(weights)
        flat = [slot.flat(w.detach()) for slot, w in zip(self.slots, weights, strict=True)]
        self.weight = nn.Parameter(torch.cat(flat))
        self.mapping = nn.Parameter(torch.empty_like(self.weight))
        self.initialisation, self.spread = initialisation, spread
        self._draw()
        if learn_beta:
            self.beta = nn.Parameter(self.weight.new_full((len(weights),), beta))
        else:
            self.register_buffer("beta", self.weight.new_tensor(beta))
        flags = torch.zeros_like(self.weight, dtype=torch.bool)
        self.register_buffer("uses", flags.to(torch.int16))
        self.register_buffer("pruned", flags)
        self.price: Tensor | None = None
        self.soft: Sequence[Tensor] = ()
        self._free: Tensor | None = None
        self._fixed_values: Tensor | None = None
        self._kept: Tensor | None = None

    @property
    def relevance(self) -> Tensor:
        """The live mapping after the soft-round, (n,)."""
        return soft_round(self.mapping, per_weight(self.beta, self.slots))

    def begin_task(self) -> None:
        """Draw a fresh mapping and note which weights earlier tasks have fixed."""
        self._draw()
        self.pruned.zero_()
        self._kept = None
        self.resume()

    @torch.no_grad()
    def resume(self) -> None:
        """Go on with the live task from the tensors that `state_dict` keeps."""
        if self.uses.any():
            self._free = (self.uses == 0).to(self.weight.dtype)
            self._fixed_values = self.weight * (1 - self._free)
        if self.pruned.any():
            self._kept = (~self.pruned).to(self.mapping.dtype)

    @torch.no_grad()
    def prune(self, mu: float) -> None:
        """Zero the live entries whose relevance is at most `mu`, for the rest of the task."""
        self.pruned |= self.relevance <= mu
        self._kept = (~self.pruned).to(self.mapping.dtype)
        self.mapping.mul_(self._kept)

    @torch.no_grad()
    def hold(self) -> None:
        """Undo what the optimizer did to fixed weights and to pruned entries.

        Masking gradients would not be enough: momentum, Adam's moments and weight decay move
        parameters whose gradient is zero. The union of the earlier masks is held; the product that
        the paper prints (Section 3.2 of its supplement) would leave old tasks unprotected.
        """
        if self._free is not None and self._fixed_values is not None:
            torch.addcmul(self._fixed_values, self.weight, self._free, out=self.weight.data)
        if self._kept is not None:
            self.mapping.mul_(self._kept)
        self.soft = ()  # of the weights before the step, with its graph

    @torch.no_grad()
    def finish_task(self) -> None:
        """Fix the weights that the rounded mapping uses."""
        self.uses += self.mapping > 0.5
        self._free = self._fixed_values = self._kept = self.price = None
        self.soft = ()

    @torch.no_grad()
    def _draw(self) -> None:
        for slot in self.slots:
            initialise(slot.of(self.mapping), self.initialisation, self.spread)


def soften(groups: Sequence[RelevanceMappings], slots: Sequence[Slot]) -> Tensor:
    """Make `soft` of each group; sum over all weights of price times relevance, a scalar.

    A GPU softens all groups of a network that was converted on a processor in one pass: it takes
    longer to be told of each group's values than to work on those of all.

    Args:
        groups: all that a network has.
        slots: of their layers, end to end (`rmn.mapping.flat_views.end_to_end`).
    """
    kinds = {(group.weight.device, group.weight.dtype) for group in groups}
    if len(groups) == 1 or (len(kinds) == 1 and groups[0].weight.device.type != "cpu"):
        return soften_together(groups, slots)
    return torch.stack([soften_together([group], group.slots) for group in groups]).sum()


def soften_together(groups: Sequence[RelevanceMappings], slots: Sequence[Slot]) -> Tensor:
    """`soften` in one pass over groups on one device and of one type."""
    prices = [group.price for group in groups if group.price is not None]
    betas = [group.beta for group in groups]
    cost: Tensor
    cost, *soft = SoftMask.apply(
        slots,
        joined(prices) if prices else None,
        joined(betas) if betas[0].dim() else betas[0],
        *(group.weight for group in groups),
        *(group.mapping for group in groups),
    )
    for group in groups:
        group.soft, soft = soft[: len(group.slots)], soft[len(group.slots) :]
    return cost


def grouped(weights: Sequence[Tensor]) -> Iterator[range]:
    """Consecutive layers, by number, that share one `RelevanceMappings`.

    They are on one device and of one type: all of a GPU's. Those of a processor are small enough to
    be worked on together in its cache. A large layer is alone there: end to end with others it
    would gain nothing, and its tensors would be so large that the allocator hands them back to the
    system at every step.
    """
    first = total = 0
    for number, weight in enumerate(weights):
        before = weights[number - 1]
        same = (weight.device, weight.dtype) == (before.device, before.dtype)
        full = weight.device.type == "cpu" and total + weight.numel() > CACHED
        if total and (full or not same):
            yield range(first, number)
            first, total = number, 0
        total += weight.numel()
    yield range(first, len(weights))
