"""Split-MNIST from plain tensors: how any tensors become a stream of labelled Avalanche tasks.

    python examples/split_mnist.py

Avalanche's own `SplitMNIST` makes the same tasks from a download; this one reads the images that
ship with the harness. The other examples import it; put your own data in its place.
"""

from __future__ import annotations

import argparse
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from avalanche.benchmarks import (
    class_incremental_benchmark,
    task_incremental_benchmark,
    with_classes_timeline,
)
from avalanche.benchmarks.utils import DataAttribute
from avalanche.benchmarks.utils.classification_dataset import ClassificationDataset
from torch.utils.data import TensorDataset


def split_mnist(train_per_digit: int, test_per_digit: int = 100) -> Any:
    """Five tasks of two digits each (0/1, 2/3, ...), with task labels 0 to 4.

    Args:
        train_per_digit: training images of each digit, at most.
        test_per_digit: test images of each digit, at most.

    Returns:
        An Avalanche benchmark with a `train_stream` and a `test_stream` of five experiences.
    """
    datasets = {}
    with (files("harness.data") / "mnist.npz").open("rb") as file, np.load(file) as arrays:
        for split, limit in (("train", train_per_digit), ("test", test_per_digit)):
            labels = torch.from_numpy(arrays[f"{split}_labels"]).long()
            chosen = torch.cat([(labels == digit).nonzero()[:limit, 0] for digit in range(10)])
            pixels = torch.from_numpy(arrays[f"{split}_images"])[chosen]  # (n, 28, 28) uint8
            images, digits = pixels[:, None] / 255, labels[chosen]
            datasets[split] = ClassificationDataset(
                [TensorDataset(images, digits)],
                data_attributes=[DataAttribute(digits.tolist(), "targets")],
            )
    tasks = class_incremental_benchmark(datasets, class_order=range(10), num_experiences=5)
    return with_classes_timeline(task_incremental_benchmark(tasks))


def main() -> None:
    """Print the tasks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train-per-digit", type=int, default=500, metavar="N")
    benchmark = split_mnist(parser.parse_args().train_per_digit)
    for train, test in zip(benchmark.train_stream, benchmark.test_stream, strict=True):
        digits = " and ".join(map(str, sorted(train.classes_in_this_experience)))
        sizes = f"{len(train.dataset)} training and {len(test.dataset)} test images"
        print(f"task {train.task_label}: digits {digits}, {sizes}")


if __name__ == "__main__":
    main()
