"""Data of any kind as the training and the test split of a benchmark, for `register_benchmark`.

Each function returns two `harness.data.datasets.Images`. What is read from a data set one example
at a time is held as tensors from then on: batches are gathered, never collated (`loading`).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sized
from typing import Any, Final, Protocol, cast

import torch
from torch import Tensor

from harness.data.datasets import DataUnavailableError, Images

Splits = tuple[Images, Images]

_ZERO: Final = torch.tensor(0.0)
_ONE: Final = torch.tensor(1.0)
_MOST_BRIGHT: Final = torch.tensor(255.0)


class Examples(Protocol):
    """A data set of pairs (input, class), such as those of torchvision."""

    def __len__(self) -> int:
        """Number of examples."""

    def __getitem__(self, index: int, /) -> Any:
        """An example: an image or a tensor, its class, and perhaps more."""


def from_tensors(train: tuple[Tensor, ...], test: tuple[Tensor, ...]) -> Splits:
    """Tensors as they are.

    Args:
        train: inputs (n, ...), classes (n,), and, for `tasks_by="experiences"`, the task of each
            example (n,), counted from 0. Inputs of bytes are divided by 255 when they are used;
            all others are used as float32 numbers.
        test: likewise.

    Raises:
        DataUnavailableError: something is no tensor, inputs, classes and tasks are not equally
            many, inputs are complex, infinite or no numbers, classes or tasks no whole numbers, or
            the inputs of the two splits are of two kinds.
    """
    splits = _images(*train), _images(*test)
    kinds = [(one.pixels.dtype, tuple(one.pixels.shape[1:])) for one in splits]
    if kinds[0] != kinds[1]:
        raise DataUnavailableError(
            f"inputs are {_described(*kinds[0])} for training and {_described(*kinds[1])} for "
            "test; give both of one shape, and both as bytes or both as numbers"
        )
    return splits


def from_datasets(train: Examples, test: Examples) -> Splits:
    """Data sets of pairs, such as `torchvision.datasets.ImageFolder`, read once from end to end.

    Args:
        train: examples whose inputs are PIL images or tensors, all of one shape.
        test: likewise.

    Raises:
        DataUnavailableError: a data set is empty, its inputs have several shapes, a class is no
            whole number, or `from_tensors` refuses what it gives.
    """
    return from_tensors(_read(train), _read(test))


def from_avalanche(benchmark: Any) -> Splits:
    """Any benchmark of Avalanche with a test experience for each one of training.

    Use it with `tasks_by="experiences"`. Inputs are those of evaluation, so that augmentations of
    training, which would be the same in every epoch, are left out.

    Args:
        benchmark: with `train_stream` and `test_stream`, whose classes are numbered over the stream
            (Avalanche's default, `class_ids_from_zero_in_each_exp=False`).

    Raises:
        DataUnavailableError: the streams are not equally long.
    """
    train, test = (list(stream) for stream in (benchmark.train_stream, benchmark.test_stream))
    if len(train) != len(test):
        raise DataUnavailableError(
            f"the benchmark has {len(train)} experiences for training and {len(test)} for test; "
            "each task needs one of both"
        )
    return from_tensors(_of_experiences(train), _of_experiences(test))


def _of_experiences(stream: Iterable[Any]) -> tuple[Tensor, Tensor, Tensor]:
    inputs, labels, tasks = [], [], []
    for task, experience in enumerate(stream):
        x, y = _read(experience.dataset.eval())
        inputs.append(x)
        labels.append(y)
        tasks.append(torch.full_like(y, task))
    return torch.cat(inputs), torch.cat(labels), torch.cat(tasks)


def _images(inputs: Tensor, labels: Tensor, tasks: Tensor | None = None) -> Images:
    _check_tensors(inputs=inputs, classes=labels, tasks=tasks)
    tasks = torch.zeros_like(labels) if tasks is None else tasks
    if not len(inputs) == len(labels) == len(tasks):
        raise DataUnavailableError(
            f"there are {len(inputs)} inputs, {len(labels)} classes and {len(tasks)} tasks; give "
            "one of each for every example"
        )
    as_bytes = inputs.dtype == torch.uint8
    pixels = inputs if as_bytes else inputs.to(torch.float32)
    unit = _MOST_BRIGHT if as_bytes else _ONE
    return Images(pixels, labels.to(torch.int64), tasks.to(torch.int64), _ZERO, unit)


def _check_tensors(inputs: Tensor, **whole_numbers: Tensor | None) -> None:
    """Refuse what would be learned from as something else than it is.

    Args:
        inputs: of all examples.
        **whole_numbers: of each example, by what they are; None for none.
    """
    for what, tensor in {"inputs": inputs, **whole_numbers}.items():
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DataUnavailableError(
                f"{what} are of type {type(tensor).__name__}; make a tensor of it: "
                "torch.as_tensor(...)"
            )
    for what, tensor in whole_numbers.items():
        if tensor is not None and (
            tensor.dim() != 1 or tensor.is_floating_point() or tensor.is_complex()
        ):
            raise DataUnavailableError(
                f"{what} are {_described(tensor.dtype, tuple(tensor.shape))}; give a whole number "
                "for each example, such as one_hot.argmax(1) or classes.long()"
            )
    if inputs.is_complex():
        raise DataUnavailableError("inputs are complex; give real numbers, such as inputs.abs()")
    if not inputs.isfinite().all():
        raise DataUnavailableError(
            "some inputs are infinite or not numbers; leave these examples out, or fill them in: "
            "inputs.nan_to_num()"
        )


def _described(dtype: torch.dtype, shape: tuple[int, ...]) -> str:
    return f"{str(dtype).removeprefix('torch.')} of shape {shape}"


def _read(examples: Examples) -> tuple[Tensor, Tensor]:
    """All inputs of a data set, (n, ...), and their classes, (n,)."""
    if not len(cast(Sized, examples)):
        raise DataUnavailableError("a data set has no example; name the folder that has them")
    inputs, labels = [], []
    for index in range(len(examples)):
        x, label, *_ = examples[index]
        inputs.append(_tensor(x))
        labels.append(_class(label, index))
    shapes = sorted({tuple(x.shape) for x in inputs})
    if len(shapes) > 1:
        raise DataUnavailableError(
            f"inputs have the shapes {shapes[0]} and {shapes[1]}; give the data set a transform "
            "that makes all of one size, such as torchvision.transforms.Resize((32, 32))"
        )
    return torch.stack(inputs), torch.tensor(labels)


def _class(label: Any, number: int) -> int:
    """The class of an example of a data set, and which example it is of."""
    try:
        return operator.index(label)
    except TypeError as error:
        raise DataUnavailableError(
            f"example {number} of a data set has the class {label!r}; let the data set give whole "
            "numbers, by its target_transform for example"
        ) from error


def _tensor(x: Any) -> Tensor:
    if isinstance(x, Tensor):
        return x
    from torchvision.transforms.functional import pil_to_tensor

    pixels: Tensor = pil_to_tensor(x)
    return pixels
