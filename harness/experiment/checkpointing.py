"""Going on with a run from the last task that it has learned."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from avalanche.training.templates import BaseTemplate
from avalanche.training.utils import ParamData

from harness.config.run import Run
from harness.data.loading import TensorClassificationDataset
from harness.experiment.object_state import PACKAGES, Codec, Scope, StateError, capture, restore
from harness.storage import checkpoints
from harness.storage.schema import Row

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate

    from baselines.context import Context
    from harness.data.streams import Stream

_TRANSIENT: Final = (
    "adapted_dataset",
    "current_eval_stream",
    "dataloader",
    "experience",
    "loss",
    "mb_output",
    "mbatch",
    "_eval_streams",
)
"""Attributes of a strategy that its next call of `train` sets anew."""

_INITIALISERS: Final = {"zeros": torch.zeros, "ones": torch.ones}


def _parameter_parts(value: ParamData) -> list[object]:
    """Avalanche's named tensors hold a function, which is stored by a name that is known here."""
    names = [name for name, known in _INITIALISERS.items() if known is value.init_function]
    if not names:
        raise StateError(f"the tensor {value.name} is initialised by an unknown function")
    return [value.name, value.data, value.device, names[0]]


def _parameter(parts: list[Any]) -> ParamData:
    name, data, device, initialiser = parts
    function = _INITIALISERS[initialiser]
    return ParamData(name, init_function=function, init_tensor=data, device=device)


_CODECS: Final = {
    TensorClassificationDataset: Codec(
        TensorClassificationDataset.parts, TensorClassificationDataset.of_parts
    ),
    ParamData: Codec(_parameter_parts, _parameter),
}


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a checkpoint holds.

    Attributes:
        done: tasks that are trained and measured.
        rows: measured so far.
        state: everything else, as it was written.
    """

    done: int
    rows: list[Row]
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints of one run.

    Attributes:
        folder: where they are.
        run: the run.
        packages: top-level packages of the method, whose objects may be restored.
    """

    folder: Path
    run: Run
    packages: tuple[str, ...] = ()

    def save(self, parts: ResumableParts, rows: list[Row], done: int) -> None:
        """Replace the run's checkpoint.

        Args:
            parts: of the run.
            rows: measured so far.
            done: tasks that are trained and measured.
        """
        state = {
            "graph": capture(parts.root, self._scope(parts)),
            "random": _random_state(),
            "rows": rows,
        }
        tasks = parts.stream.benchmark.tasks
        checkpoints.write(self.folder, self.run, done, tasks, lambda path: torch.save(state, path))

    def load(self, device: torch.device) -> SavedState | None:
        """What was saved last; None if there is nothing.

        Args:
            device: of the run; tensors that were on an accelerator are put there.

        Raises:
            CheckpointError: it is of another run, or of code that may give other numbers.
        """
        found = checkpoints.read(self.folder)
        if found is None:
            return None
        if (found.run, found.code) != (self.run.id, checkpoints.code_digest()):
            raise CheckpointError(
                f"{self.folder} holds {found.done} of {found.tasks} tasks of {self.run}, made by "
                "other code or libraries; go back to those to go on, or delete the folder to begin "
                "anew"
            )

        def location(storage: Any, saved: str) -> Any:
            return storage if saved == "cpu" else storage.to(device)

        state = torch.load(self.folder / found.state, location, weights_only=True)
        return SavedState(found.done, state["rows"], state)

    def restore(self, parts: ResumableParts, saved: SavedState) -> None:
        """Give a freshly built run the state of a checkpoint, random numbers included.

        Args:
            parts: of the run, as they were when it was saved.
            saved: by `load`.

        Raises:
            CheckpointError: the state does not fit.
        """
        try:
            restore(parts.root, saved.state["graph"], self._scope(parts))
        except StateError as error:
            raise CheckpointError(f"{self.folder} cannot be restored: {error}") from error
        _set_random_state(saved.state["random"])

    def _scope(self, parts: ResumableParts) -> Scope:
        skipped: list[tuple[object, tuple[str, ...]]] = [(BaseTemplate, _TRANSIENT)]
        if parts.optimizer_begins_anew:
            skipped.append((parts.strategy.optimizer, ("state",)))
        return Scope(
            external=parts.external,
            skipped=skipped,
            codecs=_CODECS,
            packages=(*PACKAGES, *self.packages),
        )


@dataclass(frozen=True, slots=True)
class ResumableParts:
    """What a run is made of, as far as a checkpoint is concerned.

    Attributes:
        strategy: what is trained.
        context: that it was made from.
        stream: the data, which are not stored.
        others: further objects that are not stored, by name.
        optimizer_begins_anew: whether the next task does away with the optimizer's state.
    """

    strategy: SupervisedTemplate
    context: Context
    stream: Stream
    others: Mapping[str, object]
    optimizer_begins_anew: bool

    @property
    def root(self) -> dict[str, object]:
        """What is stored, with everything that is reachable from it."""
        return {"strategy": self.strategy, "networks": self.context.network}

    @property
    def external(self) -> dict[str, object]:
        """What is not stored, by name."""
        tasks = {"train": self.stream.train, "test": self.stream.test}
        tasks["held_out"] = self.stream.held_out
        found: dict[str, object] = {
            f"{name}.{number}": task
            for name, data in tasks.items()
            for number, task in enumerate(data)
        }
        if self.stream.unlabelled is not None:
            found["unlabelled"] = self.stream.unlabelled
        return {**found, **self.others}


def _random_state() -> dict[str, Any]:
    numbers = np.random.get_state(legacy=False)  # noqa: NPY002 - others may draw from it
    version, internal, gauss = random.getstate()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [
            numbers["state"]["key"].tolist(),
            int(numbers["state"]["pos"]),
            int(numbers["has_gauss"]),
            float(numbers["gauss"]),
        ],
        "python": [version, list(internal), gauss],
    }


def _set_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    key, position, has_gauss, gauss = state["numpy"]
    numbers = ("MT19937", np.array(key, dtype=np.uint32), position, has_gauss, gauss)
    np.random.set_state(numbers)  # noqa: NPY002
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
