"""Joint training with batches of any size."""

from __future__ import annotations

from typing import Any

from avalanche.benchmarks.utils.data_loader import SingleDatasetDataLoader
from avalanche.training.supervised import JointTraining


class PooledTraining(JointTraining):
    """Joint training on batches drawn from the examples of all tasks, whichever these are.

    Avalanche's takes as many examples of each task into every batch, and so refuses a batch of
    fewer examples than there are tasks: 16 of Sequential Omniglot's 50 alphabets.
    """

    def make_train_dataloader(
        self, num_workers: int = 0, shuffle: bool = True, **kwargs: Any
    ) -> None:
        """Batches of the whole stream's data."""
        self.dataloader = SingleDatasetDataLoader(
            self.adapted_dataset,
            batch_size=self.train_mb_size,
            num_workers=num_workers,
            shuffle=shuffle,
            collate_fn=self.adapted_dataset.collate_fn,
        )
