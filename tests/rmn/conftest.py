"""Split-MNIST from the packaged file, as tensors and as stock Avalanche experiences."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from avalanche.benchmarks import (
    DatasetExperience,
    benchmark_from_datasets,
    with_classes_timeline,
    with_task_labels,
)
from avalanche.benchmarks.utils import AvalancheDataset, DataAttribute, as_classification_dataset
from torch import Tensor

PACKAGED = Path(__file__).parents[2] / "harness" / "data" / "mnist.npz"
TRAINED_ON = 384
"""Examples a task in `experiences`."""


def split_by_digits(split: str, limit: int) -> list[tuple[Tensor, Tensor]]:
    """The first `limit` inputs (n, 1, 28, 28) and classes (n,) of each pair of digits."""
    with np.load(PACKAGED) as arrays:
        images = torch.from_numpy(arrays[f"{split}_images"])
        labels = torch.from_numpy(arrays[f"{split}_labels"]).long()
    sets = []
    for first in range(0, 10, 2):
        chosen = (labels // 2 == first // 2).nonzero().squeeze(1)[:limit]
        sets.append((images[chosen][:, None].float() / 255, labels[chosen]))
    return sets


@pytest.fixture(scope="session")
def train_sets() -> list[tuple[Tensor, Tensor]]:
    """1024 training examples of each task."""
    torch.set_num_threads(1)
    return split_by_digits("train", 1024)


@pytest.fixture(scope="session")
def test_sets() -> list[tuple[Tensor, Tensor]]:
    """200 test examples of each task."""
    return split_by_digits("test", 200)


@pytest.fixture(scope="session")
def experiences(train_sets: list[tuple[Tensor, Tensor]]) -> Sequence[DatasetExperience]:
    """Training experiences with task labels 0, 1, ..."""
    datasets = []
    for label, (x, y) in enumerate(train_sets):
        classes = y[:TRAINED_ON].tolist()
        attributes = [
            DataAttribute(classes, "targets"),
            DataAttribute([label] * len(classes), "targets_task_labels", use_in_getitem=True),
        ]
        pairs = list(zip(x, classes, strict=False))
        datasets.append(
            as_classification_dataset(AvalancheDataset([pairs], data_attributes=attributes))
        )
    benchmark = benchmark_from_datasets(train=datasets)
    return tuple(with_classes_timeline(with_task_labels(benchmark)).train_stream)
