"""What methods that rehearse stored examples declare. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from baselines.interface import Baseline, Requirement, Role, setting


@dataclass(frozen=True)
class RehearsingBaseline(Baseline):
    """A method that keeps so many examples of each task, drawn at random when it was learned.

    The profile `paper` has the budgets of the paper's tables: 40 examples a task on Split-MNIST,
    200 on Permuted-MNIST, three a character on Sequential Omniglot.
    """

    role: ClassVar[Role] = Role.REPLAY
    requirements: ClassVar[frozenset[Requirement]] = frozenset({Requirement.REPLAY})
    paper_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "split_mnist": {"per_task": 40},
        "split_omniglot": {"per_class": 3},
    }

    per_task: int = setting(200, "examples stored of each task", minimum=1)
    per_class: int | None = setting(
        None, "examples stored of each class of a task instead; none: per_task", minimum=1
    )
