"""The weights and the relevance mappings of several layers, concatenated in flat tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Self

import torch
from torch import Tensor, nn

from rmn.mapping.flat_views import FlatView, flat_views
from rmn.mapping.relevance import initialise, soft_round
from rmn.mapping.seal import Seal
from rmn.mapping.soft_weights import CACHE_SIZE, SoftWeights, beta_per_weight, concatenate
from rmn.mapping.tightening import rising_beta

_CHANGED: Final = (
    "weights that finished tasks use have changed since the last task was finished, as by an "
    "optimizer step or by a plugin that writes averages at the end of an experience; change them "
    "before finish_task, and load a state that was saved after it"
)


class RelevanceMappings(nn.Module):
    """The values of a group of layers: one flat tensor of each kind, in which each has a view.

    A training step processes every weight a dozen times. Layer by layer, the calls alone would take
    a small network longer than the arithmetic.

    Args:
        weights: weights of the layers, copied; all on one device and of one type.
        beta: tightness of the soft-round at the start of each task.
        learn_beta: learn one beta per layer, in each task starting from `beta`.
        initialisation: initial values of the mappings, see `rmn.mapping.relevance.initialise`.
        spread: standard deviation of the normal initialisation.

    Attributes:
        views: where each layer's values lie in the flat tensors.
        weight: weights, shared by all tasks, (n,).
        mapping: raw mapping of the live task, around [0, 1], (n,).
        beta: now; a scalar, or a parameter (layers,) if it is learned.
        first_beta: at the start of each task.
        uses: number of finished tasks that use each weight, int16, (n,).
        pruned: entries of the live mapping that stay zero, bool, (n,).
        penalty_weight: penalty per unit of relevance of each weight during the live task, (n,);
            None for none.
        soft_weights: soft (relevance-weighted) weights of each layer, in its shape, for the
            training step in progress; empty outside one.
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
        self.views = flat_views(weights)
        flat = [view.flatten(w.detach()) for view, w in zip(self.views, weights, strict=True)]
        self.weight = nn.Parameter(torch.cat(flat))
        self.mapping = nn.Parameter(torch.empty_like(self.weight))
        self.initialisation, self.spread = initialisation, spread
        self._initialise_mapping()
        self.first_beta = beta
        if learn_beta:
            self.beta = nn.Parameter(self.weight.new_full((len(weights),), beta))
        else:
            self.register_buffer("beta", self.weight.new_tensor(beta))
        flags = torch.zeros_like(self.weight, dtype=torch.bool)
        self.register_buffer("uses", flags.to(torch.int16))
        self.register_buffer("pruned", flags)
        self.penalty_weight: Tensor | None = None
        self.soft_weights: Sequence[Tensor] = ()
        # None where nothing is frozen or pruned yet; in floating point, to multiply by
        self._free_mask: Tensor | None = None
        self._frozen_values: Tensor | None = None
        self._unpruned_mask: Tensor | None = None
        self._seal: Seal | None = None  # of what finished tasks use, while no task is being learned

    @property
    def relevance(self) -> Tensor:
        """The live mapping after the soft-round, (n,)."""
        return soft_round(self.mapping, beta_per_weight(self.beta, self.views))

    def begin_task(self) -> None:
        """Initialise mapping and beta anew, and freeze the weights that finished tasks use."""
        self.recover_frozen_weights()  # of a copy, or of a task that is begun again
        self._initialise_mapping()
        self.beta.data.fill_(self.first_beta)
        self.pruned.zero_()
        self._unpruned_mask = None
        self.restore_live_task()

    @property
    def finished_weight(self) -> Tensor:
        """Weights as finished tasks use them, (n,), without a gradient.

        While a task is being learned they are read where no optimizer can reach them. Between tasks
        no second copy is kept, but a change is noticed.

        Raises:
            RuntimeError: they have changed since the last task was finished.
        """
        if self._frozen_values is not None:
            return self._frozen_values
        self._check_seal()
        return self.weight.detach()

    def check_finished_weight(self) -> None:
        """Compare the weights that finished tasks use with what they were, however they were set.

        Raises:
            RuntimeError: they have changed since the last task was finished.
        """
        if self._seal and not self._seal.fits(self._used_weights()):
            raise RuntimeError(_CHANGED)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the training step in progress, whose graph cannot be copied."""
        state: dict[str, Any] = super().__getstate__()  # type: ignore[no-untyped-call]
        return state | {"soft_weights": ()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Freeze the weights of finished tasks in a copy too, whatever is averaged into it.

        Raises:
            RuntimeError: they have changed since the last task was finished.
        """
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        if self._frozen_values is None:
            self.check_finished_weight()
            self.restore_live_task()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Move or cast what is derived for the live task along with what it is derived from."""
        self._check_seal()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._check_seal()  # which is another one for weights that were cast
        for name in ("_free_mask", "_frozen_values", "_unpruned_mask"):
            derived = getattr(self, name)
            setattr(self, name, None if derived is None else fn(derived))
        if self.penalty_weight is not None:
            self.penalty_weight = self.penalty_weight.to(self.weight.device, self.penalty_dtype)
        return self

    @property
    def penalty_dtype(self) -> torch.dtype:
        """Type of `penalty_weight`: that of the weights, but for half precision single.

        A penalty is shared among all weights, which makes its part of one too small a number.
        """
        return torch.promote_types(self.weight.dtype, torch.float32)

    @torch.no_grad()
    def incline(self, view: FlatView, mask: Tensor) -> None:
        """Mirror the live entries of one layer to the side of 0.5 that a mask has them on.

        Their distances from 0.5 stay as they were drawn, so that each can still be decided
        otherwise.

        Args:
            view: of the layer.
            mask: bool, in the shape of the layer's weight.
        """
        mapping = view.slice(self.mapping.data)
        distance = (mapping - 0.5).abs_()
        mapping.copy_(torch.where(mask, 0.5 + distance, 0.5 - distance))

    @torch.no_grad()
    def restore_live_task(self) -> None:
        """Derive what is frozen and what is pruned from the buffers that `state_dict` stores."""
        self._free_mask = self._frozen_values = self._unpruned_mask = self._seal = None
        if self.uses.any():
            self._free_mask = (self.uses == 0).to(self.weight.dtype)
            # a weight that has diverged stays none of theirs: infinity times zero is no number
            self._frozen_values = (self.weight * (1 - self._free_mask)).nan_to_num_()
        if self.pruned.any():
            self._unpruned_mask = (~self.pruned).to(self.mapping.dtype)

    def tighten(self, last_beta: float, *, step: int, steps: int) -> None:
        """Raise beta to its value at an optimizer step; one that is learned is left alone.

        Args:
            last_beta: beta in the last step.
            step: number of the step, from 0.
            steps: number of steps of the task.
        """
        if not self.beta.requires_grad:
            self.beta.fill_(rising_beta(self.first_beta, last_beta, step=step, steps=steps))

    @torch.no_grad()
    def prune(self, mu: float) -> None:
        """Set live entries whose relevance is at most `mu` to zero, for the rest of the task."""
        self.pruned |= self.relevance <= mu
        self._unpruned_mask = (~self.pruned).to(self.mapping.dtype)
        self.mapping.mul_(self._unpruned_mask)

    @torch.no_grad()
    def close(self, view: FlatView, entries: Tensor) -> None:
        """Set live entries of one layer to zero, for the rest of the task.

        Args:
            view: of the layer.
            entries: which, bool, in the shape of the layer's weight.
        """
        view.slice(self.pruned).logical_or_(entries)
        self._unpruned_mask = (~self.pruned).to(self.mapping.dtype)
        self.mapping.mul_(self._unpruned_mask)

    @torch.no_grad()
    def restore_frozen_weights(self) -> None:
        """Undo what the optimizer did to frozen weights and to pruned entries.

        Masking gradients would not be enough: momentum, Adam's moments and weight decay move
        parameters whose gradient is zero. The union of the earlier masks is frozen; the product
        that the paper prints (Section 3.2 of its supplement) would leave old tasks unprotected.
        """
        if self._free_mask is not None and self._frozen_values is not None:
            torch.addcmul(self._frozen_values, self.weight, self._free_mask, out=self.weight.data)
        if self._unpruned_mask is not None:
            self.mapping.mul_(self._unpruned_mask)
        self.soft_weights = ()  # they belong to the weights before the step, and hold its graph

    def is_finite(self) -> bool:
        """Whether weights and live mapping are numbers; training that diverges makes them none."""
        return bool(self.weight.isfinite().all() and self.mapping.isfinite().all())

    @torch.no_grad()
    def recover_frozen_weights(self) -> None:
        """`restore_frozen_weights` where weights are infinite or no numbers.

        A sum with a product by zero does not restore these; to select takes thirty times as long.
        """
        if self._free_mask is not None and self._frozen_values is not None:
            self.weight.copy_(torch.where(self._free_mask > 0, self.weight, self._frozen_values))

    @torch.no_grad()
    def finish_task(self) -> None:
        """Count the weights that the rounded mapping uses; they are frozen from now on."""
        self.restore_frozen_weights()  # in case that a loop of one's own has not
        self.uses += self.mapping > 0.5
        self.release()
        self.penalty_weight = None
        self.soft_weights = ()

    def release(self) -> None:
        """Forget what was derived for the live task, and seal what finished tasks use."""
        self._free_mask = self._frozen_values = self._unpruned_mask = None
        self._seal = Seal(self._used_weights()) if self.uses.any() else None

    def _check_seal(self) -> None:
        """`check_finished_weight` at no cost where nothing was written, nor past autograd."""
        if self._seal and not self._seal.fits_where(self.weight, self._used_weights):
            raise RuntimeError(_CHANGED)

    def _used_weights(self) -> Tensor:
        """The weights that finished tasks use, (m,)."""
        return self.weight.detach()[self.uses > 0]

    def _save_to_state_dict(self, *args: Any) -> None:
        self.check_finished_weight()  # a network that loads the state would notice nothing
        super()._save_to_state_dict(*args)

    @torch.no_grad()
    def _initialise_mapping(self) -> None:
        for view in self.views:
            initialise(view.slice(self.mapping), self.initialisation, self.spread)


def compute_soft_weights(groups: Sequence[RelevanceMappings], views: Sequence[FlatView]) -> Tensor:
    """Compute the `soft_weights` of each group, and the penalty on the relevance of all.

    On a GPU all groups of a network that was converted on a processor are computed in one pass:
    launching the kernels of each group takes longer than they run.

    Args:
        groups: all groups of a network.
        views: the views of all groups (`rmn.mapping.flat_views.concatenate_views`).

    Returns:
        Sum over all weights of penalty weight times relevance, a scalar.
    """
    kinds = {(group.weight.device, group.weight.dtype) for group in groups}
    if len(groups) == 1 or (len(kinds) == 1 and groups[0].weight.device.type != "cpu"):
        return compute_soft_weights_jointly(groups, views)
    return torch.stack(
        [compute_soft_weights_jointly([group], group.views) for group in groups]
    ).sum()


def compute_soft_weights_jointly(
    groups: Sequence[RelevanceMappings], views: Sequence[FlatView]
) -> Tensor:
    """`compute_soft_weights` in one pass over groups on one device and of one type.

    Args:
        groups: some groups of a network.
        views: the views of these groups.

    Returns:
        Sum over these groups' weights of penalty weight times relevance, a scalar.
    """
    penalty_weights = [group.penalty_weight for group in groups if group.penalty_weight is not None]
    betas = [group.beta for group in groups]
    penalty: Tensor
    penalty, *soft = SoftWeights.apply(
        views,
        concatenate(penalty_weights) if penalty_weights else None,
        concatenate(betas) if betas[0].dim() else betas[0],
        *(group.weight for group in groups),
        *(group.mapping for group in groups),
    )
    for group in groups:
        group.soft_weights, soft = soft[: len(group.views)], soft[len(group.views) :]
    return penalty


def group_layers(weights: Sequence[Tensor]) -> Iterator[range]:
    """Indices of consecutive layers that share one `RelevanceMappings`, given their weights.

    The layers of a group are on one device and of one type. A GPU has one group. On a processor, a
    group is small enough for its cache, and a large layer is alone: concatenated with others it
    would gain nothing, and the tensors would be so large that the allocator returns them to the
    system at every step.
    """
    first = total = 0
    for index, weight in enumerate(weights):
        before = weights[index - 1]
        same = (weight.device, weight.dtype) == (before.device, before.dtype)
        full = weight.device.type == "cpu" and total + weight.numel() > CACHE_SIZE
        if total and (full or not same):
            yield range(first, index)
            first, total = index, 0
        total += weight.numel()
    yield range(first, len(weights))
