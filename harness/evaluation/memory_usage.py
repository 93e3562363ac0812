"""What a strategy keeps between tasks: what predictions need, and what only learning needs.

What is held is observed by walking over everything that the strategy reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from avalanche.benchmarks import CLExperience, CLStream
from avalanche.benchmarks.utils import AvalancheDataset
from avalanche.training.plugins import EvaluationPlugin
from torch import Tensor, nn
from torch.optim import Optimizer

from baselines.interface import HasInferenceTensors, KeepsExamples
from harness.data.loading import TensorClassificationDataset
from harness.data.unlabelled_streams import StreamLoader
from harness.evaluation.routers import routers_of

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

_IN_USE = ("adapted_dataset", "dataloader", "loss", "mb_output", "mbatch")
_NOT_KEPT = (CLExperience, CLStream, EvaluationPlugin, Optimizer, StreamLoader)


@dataclass(slots=True)
class MemoryUsage:
    """Tensors and examples that were found. Storage shared by several tensors counts once.

    Attributes:
        inference: size in bytes of each distinct storage that predictions need, by its address.
        storages: likewise, of all tensors that are held.
        examples: number of examples that are kept, such as those of a replay buffer.
        example_bytes: of those in data sets; they count as copies, however a stream holds them.
    """

    inference: dict[int, int] = field(default_factory=dict)
    storages: dict[int, int] = field(default_factory=dict)
    examples: int = 0
    example_bytes: int = 0

    @property
    def predictor_bytes(self) -> int:
        """Bytes of the tensors that predictions are made from, the network's among them."""
        return sum(self.inference.values())

    @property
    def training_bytes(self) -> int:
        """Bytes of all other tensors and of examples: what is kept for learning further tasks."""
        beside = (size for at, size in self.storages.items() if at not in self.inference)
        return sum(beside) + self.example_bytes


def memory_usage(strategy: SupervisedTemplate) -> MemoryUsage:
    """Everything that a strategy holds after training on a task, its network included.

    Predictions need the parameters and buffers of its model, or what a strategy with
    `HasInferenceTensors` says, and what its task routers need.

    Left out: the current experience, its loader and the last batch, Avalanche's evaluator, and the
    optimizer, whose state is made anew for each task.
    """
    found = MemoryUsage()
    needed = inference_tensors(strategy)  # kept, so that nothing else comes to the same address
    for tensor in needed:
        _add(found.inference, tensor)
    for value in reachable(strategy):
        if isinstance(value, AvalancheDataset):
            found.examples += len(value)
            found.example_bytes += _example_bytes(value)
        elif isinstance(value, Tensor):
            _add(found.storages, value)
        elif isinstance(value, KeepsExamples):
            found.examples += value.stored_examples  # their bytes are those of its tensors
    return found


def held_tensors(strategy: SupervisedTemplate) -> Iterator[Tensor]:
    """All tensors that a strategy holds, but for those of the examples in its data sets."""
    return (value for value in reachable(strategy) if isinstance(value, Tensor))


def inference_tensors(strategy: SupervisedTemplate) -> list[Tensor]:
    """The tensors that a strategy's predictions are made from."""
    if isinstance(strategy, HasInferenceTensors):
        needed = list(strategy.inference_tensors())
    else:
        needed = [*strategy.model.parameters(), *strategy.model.buffers()]
    for router in routers_of(strategy).values():
        needed += router.inference_tensors()
    return needed


def _add(storages: dict[int, int], tensor: Tensor) -> None:
    storage = tensor.untyped_storage()
    if storage.nbytes():
        storages[storage.data_ptr()] = storage.nbytes()


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


def reachable(root: Any) -> Iterator[Any]:
    """Everything that is kept by an object, the object first, each once."""
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
