"""A network with one function per learned task, as a multi-task module of Avalanche."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from avalanche.benchmarks import CLExperience
from avalanche.models import MultiTaskModule
from numpy.typing import ArrayLike
from torch import Tensor, nn

from rmn.tasks.evaluation_mode import evaluation_mode
from rmn.tasks.features import last_layer_inputs
from rmn.tasks.fingerprint import fingerprint
from rmn.tasks.inference import (
    GRADIENT_RULES,
    infer_task,
    infer_task_by_halving,
    one_shot_scores,
)
from rmn.tasks.task_module import TaskModule


class TaskNetwork(MultiTaskModule):
    """A network of `TaskModule`s and other modules, with one function per learned task.

    In training mode it computes the live task, the one that is being learned. In evaluation mode a
    task label that belongs to exactly one learned task selects that task. With a label of several
    learned tasks (streams without task labels label all of them 0), or without a label, the task of
    each input is inferred by `rule`. An unknown label selects the task that was learned last.

    Args:
        body: the module that computes the logits.
        rule: rule of task inference, one of `rmn.tasks.inference.RULES`.

    Attributes:
        labels: task label of each learned task.
        classes: classes of each learned task; empty where they are unknown.
    """

    def __init__(self, body: nn.Module, *, rule: str = "max-logit") -> None:
        super().__init__()
        self.body = body
        self.rule = rule
        self.labels: list[int] = []
        self.classes: list[list[int]] = []
        self._live: tuple[int, list[int]] | None = None  # label and classes
        self._task_modules = [module for module in body.modules() if isinstance(module, TaskModule)]

    @property
    def tasks(self) -> int:
        """Number of learned tasks."""
        return len(self.labels)

    @property
    def available_tasks(self) -> list[int | None]:
        """Indices of the learned tasks, then None for the live task if there is one."""
        return [*range(self.tasks), *([] if self._live is None else [None])]

    def adaptation(self, experience: CLExperience) -> None:
        """Do nothing at a new experience: the parameters stay the same objects over all tasks."""

    def begin_task(self, label: int, classes: Sequence[int]) -> None:
        """Begin to learn a task, with newly initialised parameters of its own.

        Args:
            label: task label, which selects the task later.
            classes: classes of the task; empty if they are unknown, then all of them.

        Raises:
            RuntimeError: a task of another label is being learned.
        """
        self._check_none_is_lost(label)
        for module in self._task_modules:
            module.begin_task()
        self._live = (int(label), [int(c) for c in classes])  # of NumPy, `torch.load` refuses them

    def finish_task(self) -> None:
        """Append the live task to the learned ones.

        Raises:
            RuntimeError: no task was begun.
        """
        if self._live is None:
            raise RuntimeError("no task is being learned; call begin_task first")
        for module in self._task_modules:
            module.finish_task()
        label, classes = self._live
        self.labels.append(label)
        self.classes.append(classes)
        self._live = None

    def forward(self, x: Tensor, task_labels: Tensor | ArrayLike | int | None = None) -> Tensor:
        """Logits, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task_labels: one label for all inputs, one for each, (n,), or None.

        Raises:
            RuntimeError: the rule needs gradients, and the live task is a candidate.
            ValueError: the task labels are several for each input, as a second input would be, or
                the outputs are no logits (n, outputs) and need one task label for all.
        """
        if task_labels is not None and not isinstance(task_labels, int):
            task_labels = torch.as_tensor(task_labels)
        if isinstance(task_labels, Tensor) and task_labels.dim() > 1:
            raise ValueError(
                f"task labels of shape {tuple(task_labels.shape)} are not one for each input; "
                "where the module takes several inputs, convert one that takes them as a single one"
            )
        if self.training or not self.tasks:
            return self.forward_task(x, None)
        if task_labels is None:
            return self._forward_inferred(x, self.available_tasks)
        if isinstance(task_labels, int):
            return self.forward_single_task(x, task_labels)
        labels = torch.unique(task_labels).tolist()
        if len(labels) == 1:
            return self.forward_single_task(x, labels[0])
        return answered_apart(x, task_labels, self.forward_single_task)

    def forward_single_task(self, x: Tensor, task_label: int) -> Tensor:
        """Logits under one task label, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task_label: label of the live task, of one or several learned tasks, or an unknown one.
        """
        if self._live is not None and self._live[0] == task_label:
            return self.forward_task(x, None)
        candidates = [task for task, label in enumerate(self.labels) if label == task_label]
        if len(candidates) > 1:
            return self._forward_inferred(x, candidates)
        return self.forward_task(x, candidates[0] if candidates else self.tasks - 1)

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Logits under one task, (n, outputs).

        Args:
            x: inputs, (n, ...).
            task: index of a learned task; None for the live task.
        """
        logits: Tensor = self.body(x) if task is None else self._forward_finished(x, task)
        return logits

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _forward_finished(self, x: Tensor, task: int) -> Tensor:
        """Logits under a learned task, in evaluation mode, by the same kernels as ever.

        A compiler would make new ones whenever another task is finished, and round otherwise.
        """
        with (
            evaluation_mode(self.body.modules()),
            torch.compiler.set_stance("force_eager"),
            self._selected(task=task),
        ):
            logits: Tensor = self.body(x)
        return logits

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under each of `available_tasks`, (tasks, n, outputs)."""
        return torch.stack([self.forward_task(x, task) for task in self.available_tasks])

    def features_per_task(self, x: Tensor) -> Tensor:
        """Inputs of the last layer under each of `available_tasks`, (tasks, n, d)."""
        with last_layer_inputs(self.body) as features:
            self.logits_per_task(x)
        return torch.stack(features)

    def class_table(self, outputs: int) -> Tensor:
        """Which of the classes each of `available_tasks` has, bool, (tasks, outputs).

        Args:
            outputs: number of logits.

        Raises:
            ValueError: there is none for a class; it is named.
        """
        known = self.classes if self._live is None else [*self.classes, self._live[1]]
        unknown = [one for classes in known for one in classes if not 0 <= one < outputs]
        if unknown:
            raise ValueError(
                f"class {unknown[0]} has no output among the {outputs} of the network; convert a "
                "module with an output for each class, or number classes from 0"
            )
        table = torch.zeros(len(known), outputs, dtype=torch.bool)
        for task, classes in enumerate(known):
            table[task, classes or slice(None)] = True
        return table

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """Learned task of each input x (n, ...) by SupSup's one-shot gradient, (n,), int64."""
        return self._one_shot_scores(x).argmax(1)

    def infer_task_by_halving(self, x: Tensor) -> Tensor:
        """Learned task of each input x (n, ...) by SupSup's binary rule, (n,), int64."""
        every = self._learned(range(self.tasks), x)
        return infer_task_by_halving(self._one_shot_scores, x, every)

    def fingerprint(self, task: int) -> bytes:
        """Digest of all tensors that determine the logits under learned task number `task`."""
        return fingerprint(self.task_tensors(task))

    def task_tensors(self, task: int) -> Iterator[Tensor]:
        """All tensors that determine the logits under learned task number `task`."""
        return _tensors(self.body, lambda module: module.task_tensors(task))

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from, and nothing that only learning needs.

        Of a live task they have what would be stored of it if it were finished now.
        """
        live = self._live is not None
        return list(_tensors(self.body, lambda module: module.inference_tensors(live=live)))

    def get_extra_state(self) -> dict[str, Any]:
        """What `state_dict` stores beside tensors."""
        state = {
            "labels": self.labels,
            "classes": self.classes,
            "rule": self.rule,
            "learning": self._live,
        }
        return copy.deepcopy(state)  # which stays what it is while the network learns on

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_extra_state` returned."""
        state = copy.deepcopy(state)
        self.labels, self.classes = state["labels"], state["classes"]
        self.rule = state["rule"]
        self._live = state["learning"]

    def _check_none_is_lost(self, label: int) -> None:
        """Refuse to begin a task over another one; the same may be begun again.

        Args:
            label: of the task that is to be begun.

        Raises:
            RuntimeError: a task of another label is being learned.
        """
        if self._live is not None and self._live[0] != label:
            raise RuntimeError(
                f"task {self._live[0]} is being learned, and would be lost if task {label} began "
                "now; call finish_task first, or load a state that was saved before that task "
                "began or after it was finished"
            )

    def _forward_inferred(self, x: Tensor, candidates: Sequence[int | None]) -> Tensor:
        logits = torch.stack([_logits(self.forward_task(x, task)) for task in candidates])
        rows = [self.tasks if task is None else task for task in candidates]
        if self.rule in GRADIENT_RULES:
            if None in candidates:
                raise RuntimeError(
                    f"the rule {self.rule!r} mixes finished masks and knows nothing of the live "
                    "one; finish the task first, or use another rule"
                )
            task = self._infer_by_gradient(x, rows)
        else:
            table = self.class_table(logits.shape[-1])[rows].to(x.device)
            task = infer_task(logits, table, self.rule)
        return logits[task, torch.arange(len(x), device=x.device)]

    def _infer_by_gradient(self, x: Tensor, candidates: Sequence[int]) -> Tensor:
        """Place in `candidates` of the task of each input, (n,)."""
        if self.rule == "one-shot":
            return self._one_shot_scores(x)[:, candidates].argmax(1)
        among = torch.tensor(candidates, device=x.device)
        chosen = infer_task_by_halving(self._one_shot_scores, x, self._learned(candidates, x))
        return torch.searchsorted(among, chosen)

    def _learned(self, tasks: Iterable[int], x: Tensor) -> Tensor:
        """Some of the learned tasks as flags where the inputs x are, (tasks learned,)."""
        chosen = set(tasks)
        return torch.tensor([task in chosen for task in range(self.tasks)], device=x.device)

    def _one_shot_scores(self, x: Tensor, candidates: Tensor | None = None) -> Tensor:
        """Scores of the learned tasks, of which some may be candidates alone, (n, tasks)."""
        if candidates is None:
            candidates = self._learned(range(self.tasks), x)
        if torch.is_inference_mode_enabled():  # in which there are no gradients
            with torch.inference_mode(False):
                return self._one_shot_scores(x.clone(), candidates.clone())

        def mixture_logits(weights: Tensor) -> Tensor:
            with self._selected(mixture=weights):
                logits: Tensor = self.body(x)
            return logits

        return one_shot_scores(mixture_logits, inputs=len(x), candidates=candidates)

    @contextmanager
    def _selected(self, task: int | None = None, mixture: Tensor | None = None) -> Iterator[None]:
        """Select a learned task, or a mixture of them, in all modules."""
        for module in self._task_modules:
            module.task, module.mixture = task, mixture
        try:
            yield
        finally:
            for module in self._task_modules:
                module.task, module.mixture = None, None

    def _replicate_for_data_parallel(self) -> TaskNetwork:
        raise TypeError(
            "DataParallel copies a network for each batch, and its tasks with it; give the network "
            "itself to the strategy, and train on one device"
        )


def answered_apart(x: Tensor, groups: Tensor, answer: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Answers to inputs of several groups, (n, ...), of the type that the answers have.

    Args:
        x: inputs, (n, ...).
        groups: of each input, integers (n,).
        answer: of the inputs of one group, and its number.

    Raises:
        ValueError: the answers are no tensors.
    """
    present = torch.unique(groups).tolist() or [0]  # of no inputs any group has no answers
    parts = {one: answer(x[groups == one], one) for one in present}
    if any(not isinstance(part, Tensor) for part in parts.values()):
        kind = type(next(iter(parts.values()))).__name__
        raise ValueError(
            f"the network's output is a {kind}, and inputs of several tasks are answered by one "
            "tensor with a row for each; give one task label for all inputs"
        )
    first = next(iter(parts.values()))
    answers = first.new_empty(len(x), *first.shape[1:])
    for one, part in parts.items():
        answers[groups == one] = part
    return answers


def _logits(output: Any) -> Tensor:
    """What a network computes, if the task can be inferred from it.

    Args:
        output: logits, (n, outputs); anything else is refused.
    """
    if isinstance(output, Tensor) and output.dim() == 2:
        return output
    shape = (
        f"of shape {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
    )
    raise ValueError(
        f"a task is inferred from logits (n, outputs), and the network's output is {shape}; give "
        "one task label for all inputs"
    )


def _tensors(
    module: nn.Module, of_module: Callable[[TaskModule], Iterable[Tensor]]
) -> Iterator[Tensor]:
    """Some tensors of each `TaskModule`, and all of the modules that are the same for all tasks."""
    if isinstance(module, TaskModule):
        yield from of_module(module)
        inner = module.inner_modules()
    else:
        yield from module.parameters(recurse=False)
        yield from module.buffers(recurse=False)
        inner = module.children()
    for child in inner:
        yield from _tensors(child, of_module)
