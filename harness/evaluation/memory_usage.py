"""What a strategy keeps between tasks, observed by walking over everything that it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from avalanche.benchmarks import CLExperience, CLStream
from avalanche.benchmarks.utils import AvalancheDataset
from avalanche.training.plugins import EvaluationPlugin
from torch import Tensor, nn
from torch.optim import Optimizer

from harness.data.loading import TensorClassificationDataset
from harness.data.unlabelled_streams import StreamLoader

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_IN_USE = ("adapted_dataset", "dataloader", "mbatch")
_NOT_KEPT = (CLExperience, CLStream, EvaluationPlugin, Optimizer, StreamLoader)


@dataclass(slots=True)
class MemoryUsage:
    """Tensors and examples that were found.

    Attributes:
        storages: size in bytes of each distinct tensor storage, by its address.
        examples: number of examples in data sets, such as a replay buffer.
        example_bytes: of these examples; they count as copies, however a stream holds them.
    """

    storages: dict[int, int] = field(default_factory=dict)
    examples: int = 0
    example_bytes: int = 0

    @property
    def bytes(self) -> int:
        """Bytes of all tensors and examples; storage shared by several tensors counts once."""
        return sum(self.storages.values()) + self.example_bytes


def memory_usage(strategy: SupervisedTemplate) -> MemoryUsage:
    """Everything that a strategy holds after training on a task, its network included.

    Left out: the current experience and its loader, Avalanche's evaluator, and the optimizer, whose
    state is made anew for each task.
    """
    found = MemoryUsage()
    for value in _reachable(strategy):
        if isinstance(value, AvalancheDataset):
            found.examples += len(value)
            found.example_bytes += _example_bytes(value)
        elif isinstance(value, Tensor):
            storage = value.untyped_storage()
            if storage.nbytes():
                found.storages[storage.data_ptr()] = storage.nbytes()
    return found


def _example_bytes(dataset: AvalancheDataset) -> int:
    if isinstance(dataset, TensorClassificationDataset):
        return dataset.nbytes
    if not len(dataset):
        return 0
    return len(dataset) * sum(part.nbytes for part in dataset[0] if isinstance(part, Tensor))


def network_bytes(network: nn.Module) -> int:
    """Bytes of one network's parameters and buffers."""
    tensors = [*network.parameters(), *network.buffers()]
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors)


def _reachable(root: Any) -> Iterator[Any]:
    in_use = [getattr(root, name, None) for name in _IN_USE]
    seen, waiting = {id(value) for value in (root, *in_use)}, [root]
    while waiting:
        value = waiting.pop()
        yield value
        for child in _children(value):
            if id(child) not in seen and not isinstance(child, _NOT_KEPT):
                seen.add(id(child))
                waiting.append(child)


def _children(value: Any) -> list[Any]:
    if isinstance(value, Tensor | AvalancheDataset | str | bytes | type):
        return []
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    return list(vars(value).values()) if hasattr(value, "__dict__") else []
