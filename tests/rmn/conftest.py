"""Split-MNIST from the packaged file, as tensors and as stock Avalanche experiences."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
from torch import Tensor, nn

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


@pytest.fixture(scope="session")
def assert_same_mixture() -> Callable[..., None]:
    """Checks that two forward passes of a mixture of tasks have equal outputs and gradients."""

    def check(
        forwards: Sequence[Callable[[Any, Tensor, Tensor], Tensor]],
        layer: nn.Module,
        x: Tensor,
        weights: Tensor,
    ) -> None:
        results = []
        for forward in forwards:
            inputs, mixture = (tensor.clone().requires_grad_() for tensor in (x, weights))
            output = forward(layer, inputs, mixture)
            toward = torch.linspace(-1, 2, output.numel(), dtype=torch.double)
            toward = toward.reshape(output.shape)
            gradients = torch.autograd.grad((output * toward).sum(), (inputs, mixture))
            results.append((output, *gradients))
        for ours, slow in zip(*results, strict=True):
            torch.testing.assert_close(ours, slow)

    return check
