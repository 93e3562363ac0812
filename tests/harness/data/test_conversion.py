"""Tensors, data sets and benchmarks of Avalanche become the tasks of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from avalanche.benchmarks import nc_benchmark, ni_benchmark
from PIL import Image
from torch import Tensor
from torch.utils.data import TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import Compose, Resize, ToTensor

from harness.config.benchmark_registry import register_benchmark
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.budgets import TrainingBudget
from harness.config.networks import register_network
from harness.data.conversion import Splits, from_avalanche, from_datasets, from_tensors
from harness.data.datasets import DataUnavailableError
from harness.data.streams import Stream, make_stream

pytestmark = pytest.mark.usefixtures("registrations")

BUDGET = TrainingBudget(epochs=1)


def benchmark(
    splits: Splits,
    classes: Sequence[Sequence[int]],
    tasks_by: Literal["classes", "experiences", "permutations"] = "classes",
) -> Benchmark:
    """As a plugin registers it."""

    @register_benchmark(
        "outside",
        title="Outside",
        classes=classes,
        network="mlp",
        budget=BUDGET,
        tasks_by=tasks_by,
    )
    def outside(folder: Path | None) -> Splits:
        """Some data."""
        return splits

    return BENCHMARKS["outside"]


def numbered(n: int, *shape: int) -> Tensor:
    """Inputs of which each has its number in every place."""
    return torch.arange(float(n)).view(-1, *(1 for _ in shape)).expand(-1, *shape).clone()


def tasks_of(stream: Stream) -> list[tuple[list[float], list[int]]]:
    """Numbers and classes of the training examples of each task, as batches have them."""
    found = []
    for experience in stream.experiences:
        x, y, _ = experience.dataset.gather(torch.arange(len(experience.dataset)))
        found.append((x.flatten(1)[:, 0].tolist(), y.tolist()))
    return found


def test_tensors_are_cut_by_their_classes_and_stay_as_they_are() -> None:
    x, y = numbered(8, 3), torch.tensor([0, 1, 2, 3] * 2)
    before = x.clone()
    stream = make_stream(benchmark(from_tensors((x, y), (x, y)), [(2, 3), (0, 1)]), BUDGET, 0)
    assert tasks_of(stream) == [([2, 3, 6, 7], [2, 3, 2, 3]), ([0, 1, 4, 5], [0, 1, 0, 1])]
    assert [task.inputs()[:, 0].tolist() for task in stream.test] == [[2, 3, 6, 7], [0, 1, 4, 5]]
    assert torch.equal(x, before)  # no batch has written into them


def test_bytes_are_brought_to_the_unit_interval() -> None:
    x = torch.tensor([[0, 51], [255, 102]], dtype=torch.uint8)
    train, _ = from_tensors((x, torch.tensor([0, 1])), (x, torch.tensor([0, 1])))
    stream = make_stream(benchmark((train, train), [(0, 1)]), BUDGET, 0)
    assert torch.allclose(stream.train[0].inputs(), torch.tensor([[0.0, 0.2], [1.0, 0.4]]))


def test_each_example_may_say_its_task() -> None:
    x, y, tasks = numbered(6, 2), torch.tensor([0, 1, 0, 1, 0, 1]), torch.tensor([1, 1, 0, 0, 0, 1])
    made = benchmark(from_tensors((x, y, tasks), (x, y, tasks)), [(0, 1)] * 2, "experiences")
    assert not made.disjoint
    assert tasks_of(make_stream(made, BUDGET, 0)) == [
        ([2, 3, 4], [0, 1, 0]),
        ([0, 1, 5], [0, 1, 1]),
    ]


def test_classes_of_a_task_count_from_0_where_outputs_are_shared() -> None:
    x, y = numbered(4, 2), torch.tensor([3, 2, 1, 0])
    tasks = torch.tensor([0, 0, 1, 1])
    made = benchmark(from_tensors((x, y, tasks), (x, y, tasks)), [(2, 3), (0, 1)], "experiences")
    shared = TrainingBudget(epochs=1, outputs="shared")
    assert [classes for _, classes in tasks_of(make_stream(made, shared, 0))] == [[1, 0], [1, 0]]


def test_as_many_inputs_as_classes() -> None:
    with pytest.raises(DataUnavailableError, match="3 inputs, 2 classes and 2 tasks"):
        from_tensors(
            (numbered(3, 2), torch.zeros(2, dtype=torch.long)), (numbered(2, 2), torch.zeros(2))
        )


def write_images(folder: Path, sizes: Sequence[int]) -> None:
    """Two classes of squares, dark and bright."""
    for name, level in (("bright", 255), ("dark", 51)):
        (folder / name).mkdir(parents=True)
        for number, size in enumerate(sizes):
            pixels = np.full((size, size, 3), level, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def test_an_image_folder_is_read(tmp_path: Path) -> None:
    write_images(tmp_path, [4, 4])
    images = ImageFolder(str(tmp_path))
    train, test = from_datasets(images, images)
    assert train.pixels.shape == (4, 3, 4, 4)
    assert train.labels.tolist() == [0, 0, 1, 1]
    stream = make_stream(benchmark((train, test), [(0, 1)]), BUDGET, 0)
    assert torch.allclose(
        stream.train[0].inputs().mean((1, 2, 3)), torch.tensor([1.0, 1.0, 0.2, 0.2])
    )


def test_images_of_several_sizes_need_a_transform(tmp_path: Path) -> None:
    write_images(tmp_path, [4, 6])
    images = ImageFolder(str(tmp_path))
    with pytest.raises(DataUnavailableError, match="Resize"):
        from_datasets(images, images)
    resized = ImageFolder(str(tmp_path), transform=Compose([Resize((5, 5)), ToTensor()]))
    train, _ = from_datasets(resized, resized)
    assert train.pixels.shape == (4, 3, 5, 5)
    assert train.pixels.dtype == torch.float32
    assert float(train.pixels.max()) == 1.0


def test_an_empty_data_set_is_named() -> None:
    empty = TensorDataset(torch.zeros(0, 2), torch.zeros(0))
    with pytest.raises(DataUnavailableError, match="has no example"):
        from_datasets(empty, empty)


class Points(TensorDataset):
    """With the attribute that Avalanche asks for."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        super().__init__(x, y)
        self.targets = y.tolist()

    def __getitem__(self, index: Any) -> Any:
        x, y = self.tensors
        return x[index], int(y[index])


def test_a_benchmark_of_avalanche_keeps_its_experiences() -> None:
    x, y = numbered(12, 2), torch.arange(12) % 4
    train, test = Points(x, y), Points(x[:4], y[:4])
    theirs = nc_benchmark(train, test, 2, task_labels=False, fixed_class_order=[1, 3, 0, 2])
    made = benchmark(from_avalanche(theirs), [(1, 3), (0, 2)], "experiences")
    assert made.disjoint
    stream = make_stream(made, BUDGET, 0)
    found = tasks_of(stream)
    for experience, (numbers, classes) in zip(theirs.train_stream, found, strict=True):
        expected = [(float(x[0]), y) for x, y, *_ in experience.dataset]
        assert sorted(zip(numbers, classes, strict=True)) == sorted(expected)
    assert [sorted(task.images.labels.tolist()) for task in stream.test] == [[1, 3], [0, 2]]


def test_a_test_experience_is_needed_for_each_of_training() -> None:
    x, y = numbered(12, 2), torch.arange(12) % 2
    theirs = ni_benchmark(Points(x, y), Points(x, y), 3, task_labels=False)
    with pytest.raises(DataUnavailableError, match="3 experiences for training and 1 for test"):
        from_avalanche(theirs)


def test_other_classes_than_registered_are_named() -> None:
    x, y = numbered(4, 2), torch.tensor([0, 1, 2, 3])
    made = benchmark(from_tensors((x, y), (x, y)), [(0, 1), (4, 5)])
    with pytest.raises(DataUnavailableError, match=r"task 2 of outside has training examples of"):
        make_stream(made, BUDGET, 0)


X, Y = numbered(4, 2), torch.tensor([0, 1, 2, 3])


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ((X, Y + 0.7), (X, Y), r"classes are float32 of shape \(4,\); give a whole number"),
        ((X, torch.eye(4).long()), (X, Y), r"classes are int64 of shape \(4, 4\); .*argmax\(1\)"),
        ((X, Y, Y / 2), (X, Y), "tasks are float32"),
        (
            (X.numpy(), Y),
            (X, Y),
            r"inputs are of type ndarray; make a tensor of it: torch\.as_tensor",
        ),
        ((X, Y), (X, Y.tolist()), "classes are of type list; make a tensor"),
        ((X * 1j, Y), (X, Y), "inputs are complex"),
        ((X, Y), (X / 0, Y), "infinite or not numbers"),
        ((X.byte(), Y), (X.long(), Y), r"uint8 of shape \(2,\) for training and float32 of shape"),
        ((X, Y), (X[:, :1], Y), r"\(2,\) for training and float32 of shape \(1,\) for test"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused(
    train: Any, test: Any, message: str
) -> None:
    with pytest.raises(DataUnavailableError, match=message):
        from_tensors(train, test)


def test_classes_that_are_no_whole_numbers_are_named() -> None:
    halves: Any = [(x, float(y) + 0.5) for x, y in zip(X, Y, strict=True)]
    with pytest.raises(DataUnavailableError, match=r"example 0 of a data set has the class 0\.5"):
        from_datasets(halves, halves)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "outside returns None; let it return what"),
        (((X, Y), (X, Y)), r"returns a tuple of tuple, tuple; .*from_tensors\(\(x, y\)"),
        (from_tensors((X, Y), (X, Y))[0], "returns one Images"),
    ],
)
def test_what_is_no_two_splits_is_refused(returned: Any, message: str) -> None:
    with pytest.raises(DataUnavailableError, match=message):
        make_stream(benchmark(returned, [(0, 1)]), BUDGET, 0)


@pytest.mark.parametrize("name", ["", "Small", "a b", "../a", "a/b", "a.b", 3])
def test_a_name_that_cannot_be_typed_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="use lower-case letters"):
        register_benchmark(name, title="S", classes=[(0,)], network="mlp", budget=BUDGET)
    with pytest.raises(ValueError, match="use lower-case letters"):
        register_network(name, input_shape=(2,))


@pytest.mark.parametrize("classes", [[], [()], [(0, 0)], [(0, 1), (-1,)], [("a",)], [0, 1], 3])
def test_classes_that_make_no_tasks_are_refused(classes: Any) -> None:
    with pytest.raises(ValueError, match=r"'odd' is registered with classes=.*\(2, 3\)\]"):
        register_benchmark("odd", title="S", classes=classes, network="mlp", budget=BUDGET)


@pytest.mark.parametrize("budget", [BUDGET, replace(BUDGET, validation=True)])
def test_a_task_without_two_training_examples_is_refused(budget: TrainingBudget) -> None:
    n = 3 if budget.validation else 2  # two a task, of which one is held out; or one
    y = torch.arange(2).repeat(n - 1)
    made = benchmark(from_tensors((numbered(len(y), 2), y), (X, Y % 2)), [(0,), (1,)])
    with pytest.raises(DataUnavailableError, match="task 1 of outside has 1 training examples"):
        make_stream(made, budget, 0)


def test_an_unknown_way_to_make_tasks_is_refused() -> None:
    unknown: Any = "labels"
    with pytest.raises(ValueError, match=r"tasks_by of .odd. is .labels.; use one of .*permut"):
        register_benchmark(
            "odd", title="S", classes=[(0,)], network="mlp", budget=BUDGET, tasks_by=unknown
        )


def test_numbers_of_numpy_are_classes() -> None:
    made = benchmark(from_tensors((X, Y), (X, Y)), np.array([[0, 1], [2, 3]]))  # type: ignore[arg-type]
    assert made.classes == ((0, 1), (2, 3))
    assert [type(one) for one in made.classes[0]] == [int, int]


def test_tasks_that_share_a_class_have_no_classes_of_their_own() -> None:
    splits = from_tensors((X, Y), (X, Y))
    assert not benchmark(splits, [(0, 1), (1, 2)]).disjoint
    BENCHMARKS.pop("outside")
    assert benchmark(splits, [(0, 1), (2, 3)]).disjoint


def test_a_benchmark_needs_a_docstring() -> None:
    def silent(folder: Path | None) -> Splits:
        raise NotImplementedError

    with pytest.raises(ValueError, match="'silent' needs a docstring"):
        register_benchmark("silent", title="S", classes=[(0,)], network="mlp", budget=BUDGET)(
            silent
        )
