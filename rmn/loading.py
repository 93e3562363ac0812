"""Faster loading for any Avalanche strategy: each experience is read once and held as tensors.

Avalanche fetches and collates one example at a time, in every epoch and every evaluation; a batch
of tensors is gathered at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from weakref import WeakKeyDictionary

import torch
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor
from torch.utils.data import DataLoader

_READ_AT_ONCE: Final = 512
_COMPARED: Final = 16
"""So many examples are read twice, to see whether they are the same."""


class FastLoading(SupervisedPlugin):
    """Puts batches gathered from tensors in place of a strategy's own loaders.

    Transforms are applied once to each example, so those of training must not be random. Put it
    before other plugins: one that makes a loader of its own, such as replay, then still has it.
    All examples of an experience are held in memory as long as the experience is.

    Raises:
        ValueError: at the first experience, two readings of an example differ.
    """

    def __init__(self) -> None:
        super().__init__()
        self._tests: WeakKeyDictionary[Any, tuple[Tensor, ...]] = WeakKeyDictionary()

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Read the experience, and shuffle it in each epoch as the strategy's own loader would."""
        columns = _read(strategy.adapted_dataset)
        shuffle, drop_last = kwargs.get("shuffle", True), kwargs.get("drop_last", False)
        strategy.dataloader = Batches(
            columns, strategy.train_mb_size, shuffle=shuffle, drop_last=drop_last
        )

    def before_eval_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Read the experience, unless it was evaluated before."""
        experience = strategy.experience
        if experience not in self._tests:
            self._tests[experience] = _read(strategy.adapted_dataset)
        strategy.dataloader = Batches(self._tests[experience], strategy.eval_mb_size)


class Batches:
    """Batches of examples that are held as tensors.

    Args:
        columns: one tensor each, (n, ...), of inputs, classes and task labels.
        batch_size: examples per batch.
        shuffle: whether each pass is in another order, drawn from torch's generator.
        drop_last: whether a last batch that is smaller is left out.
    """

    def __init__(
        self,
        columns: Sequence[Tensor],
        batch_size: int,
        *,
        shuffle: bool = False,
        drop_last: bool = False,
    ) -> None:
        self.columns = tuple(columns)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.examples = len(self.columns[0])
        if drop_last:
            self.examples -= self.examples % batch_size

    def __len__(self) -> int:
        return -(-self.examples // self.batch_size)

    def __iter__(self) -> Iterator[list[Tensor]]:
        every = len(self.columns[0])
        order = torch.randperm(every) if self.shuffle else torch.arange(every)
        for rows in torch.split(order[: self.examples], self.batch_size):
            yield [column.index_select(0, rows) for column in self.columns]


def _read(dataset: Any) -> tuple[Tensor, ...]:
    """The columns of an Avalanche dataset.

    Raises:
        ValueError: two readings of an example differ.
    """
    for index in range(min(_COMPARED, len(dataset))):
        one, other = dataset[index][0], dataset[index][0]
        if not _is_same(torch.as_tensor(one), torch.as_tensor(other)):
            raise ValueError(
                "two readings of an example differ, as by a random augmentation, and FastLoading "
                "reads each once; leave out either"
            )
    loader = DataLoader(dataset, batch_size=_READ_AT_ONCE, collate_fn=dataset.collate_fn)
    return tuple(torch.cat(parts) for parts in zip(*loader, strict=True))


def _is_same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same values, where a NaN is the same as another."""
    if one.shape != other.shape:
        return False
    both_nan = one.isnan() & other.isnan()
    return bool(((one == other) | both_nan).all())
