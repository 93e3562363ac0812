"""The law that an interrupted run goes on from its last task to the same numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from harness.config.run import Run
from harness.contract.law import at_once, broken, law
from harness.contract.subject import Subject, made, untimed
from harness.experiment.experiment import RunResult, run_experiment
from harness.experiment.progress import RunProgress
from harness.storage import checkpoints

_TINY: Final[dict[str, Any]] = {
    "epochs": 2,
    "train_examples": 64,
    "test_examples": 40,
    "accuracy_matrix": "seen",
}


class _Interrupted(Exception):  # noqa: N818 - no error of anybody's
    """Ends a run as Ctrl-C would."""


def interrupt(run: Run, folder: Path, doing: str) -> None:
    """Make a run as far as the moment at which it is doing something.

    Args:
        run: which.
        folder: of its checkpoint.
        doing: as its progress says, such as "task 3/3, epoch 1/2".

    Raises:
        AssertionError: it never did so.
    """

    def report(progress: RunProgress) -> None:
        if progress.doing == doing:
            raise _Interrupted

    try:
        run_experiment(run, device="cpu", data=None, report=report, checkpoint=folder)
    except _Interrupted:
        return
    raise AssertionError(f"the run was never in {doing!r}")


def resume(run: Run, folder: Path) -> tuple[RunResult, list[str]]:
    """Go on with a run; its result, and what it did.

    Args:
        run: which.
        folder: of its checkpoint.
    """
    did: list[str] = []
    torch.manual_seed(99)  # whatever this process has drawn before is no matter
    result = run_experiment(
        run,
        device="cpu",
        data=None,
        report=lambda progress: did.append(progress.doing),
        checkpoint=folder,
    )
    return result, did


def same(one: RunResult, other: RunResult) -> bool:
    """Whether two runs measured the same, and have the same masks.

    Args:
        one: result of a run.
        other: that of another.
    """
    masks = one.masks.keys() == other.masks.keys() and all(
        np.array_equal(one.masks[name], other.masks[name]) for name in one.masks
    )
    return masks and untimed(one.rows).equals(untimed(other.rows))


@law("An interrupted run goes on from its last task, bit for bit.", excuse=at_once)
def an_interrupted_run_goes_on(subject: Subject) -> str:
    """Everything that it has learned is stored, and restored."""
    run = subject.run(**_TINY)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        interrupt(run, folder, f"task 3/3, epoch 1/{2 if subject.labelled else 1}")
        found = checkpoints.read(folder)
        if found is None or (found.run, found.done, found.tasks) != (run.id, 2, 3):
            broken("after two tasks there is no checkpoint of them", "see what saving it raised")
        resumed, did = resume(run, folder)
    if {doing.partition(",")[0] for doing in did} != {"task 3/3"}:
        broken(f"it began again with {did[0]}", "see that its state can be restored")
    if not same(resumed, made(run)):
        broken(
            "the run that went on measured something else",
            "keep what the method learns in attributes: tensors, numbers, containers, modules; "
            "and no function that is made while it learns",
        )
    return "the third task was learned again from the checkpoint, to the same numbers"
