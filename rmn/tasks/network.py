"""A network whose layers compute something else for each task, as Avalanche sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from avalanche.models import MultiTaskModule
from torch import Tensor, nn

from rmn.tasks.features import last_layer_inputs
from rmn.tasks.fingerprint import fingerprint
from rmn.tasks.inference import infer_task, one_shot_scores
from rmn.tasks.layers import TaskLayer


class TaskNetwork(MultiTaskModule):
    """A network with one function per learned task, made of `rmn.tasks.layers.TaskLayer`s and others.

    While training it computes the live task. At evaluation a task label that names exactly one
    learned task selects it; a label of several learned tasks (streams without task labels give 0 to
    all) or no label makes it infer the task of each input alone by `rule`; an unknown label is
    answered by the task learned last.

    Attributes:
        body: the module that computes.
        rule: how a task is inferred, one of `rmn.tasks.inference.RULES`.
        labels: task label of each learned task.
        classes: classes of each learned task.
    """

    def __init__(self, body: nn.Module, *, rule: str = "max-logit") -> None:
        super().__init__()
        self.body = body
        self.rule = rule
        self.labels: list[int] = []
        self.classes: list[list[int]] = []
        self._learning: tuple[int, list[int]] | None = None
        self._task_layers = [layer for layer in body.modules() if isinstance(layer, TaskLayer)]

    @property
    def tasks(self) -> int:
        """Number of learned tasks."""
        return len(self.labels)

    def adaptation(self, experience: Any) -> None:
        """Nothing to add: parameters stay the same objects over all tasks."""

    @property
    def functions(self) -> list[int | None]:
        """What can answer: the learned tasks, then the live one (None) while there is one."""
        return [*range(self.tasks), *([] if self._learning is None else [None])]

    def begin_task(self, label: int, classes: Sequence[int]) -> None:
        """Start to learn a task with fresh parameters of its own.

        Args:
            label: task label, by which the task is asked for later.
            classes: that the task can answer; empty if they are not known, then all of them.
        """
        for layer in self._task_layers:
            layer.begin_task()
        self._learning = (label, [int(c) for c in classes])

    def finish_task(self) -> None:
        """Keep the task being learned for good.

        Raises:
            RuntimeError: no task was begun.
        """
        if self._learning is None:
            raise RuntimeError("no task is being learned; call begin_task first")
        for layer in self._task_layers:
            layer.finish_task()
        label, classes = self._learning
        self.labels.append(label)
        self.classes.append(classes)
        self._learning = None

    def forward(self, x: Tensor, task_labels: Tensor | int | None = None) -> Tensor:
        """Logits (n, outputs) of inputs `x` with one task label for all, each or none of them.

        Raises:
            RuntimeError: the rule is "one-shot", and a task that is being learned is a candidate.
        """
        if self.training or not self.tasks:
            return self.forward_task(x, None)
        if task_labels is None:
            return self._forward_inferred(x, self.functions)
        if isinstance(task_labels, int):
            return self.forward_single_task(x, task_labels)
        found = torch.unique(task_labels).tolist()
        if len(found) == 1:
            return self.forward_single_task(x, found[0])
        chosen = [task_labels == label for label in found]
        parts = [
            self.forward_single_task(x[where], label)
            for where, label in zip(chosen, found, strict=True)
        ]
        output = x.new_empty(len(x), parts[0].shape[1])
        for where, part in zip(chosen, parts, strict=True):
            output[where] = part
        return output

    def forward_single_task(self, x: Tensor, task_label: int) -> Tensor:
        """Logits (n, outputs) under one task label."""
        if self._learning is not None and self._learning[0] == task_label:
            return self.forward_task(x, None)
        candidates = [task for task, label in enumerate(self.labels) if label == task_label]
        if len(candidates) > 1:
            return self._forward_inferred(x, candidates)
        return self.forward_task(x, candidates[0] if candidates else self.tasks - 1)

    def forward_task(self, x: Tensor, task: int | None) -> Tensor:
        """Logits (n, outputs) under learned task number `task`, or under the live one (None)."""
        with nullcontext() if task is None else self._selected(task=task):
            logits: Tensor = self.body(x)
        return logits

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits under each of `functions`, (functions, n, outputs)."""
        return torch.stack([self.forward_task(x, task) for task in self.functions])

    def fingerprint(self, task: int) -> bytes:
        """Digest of all that decides the logits under learned task number `task`."""
        return fingerprint(self._kept(self.body, task))

    def features_per_task(self, x: Tensor) -> Tensor:
        """What the last layer is given under each of `functions`, (functions, n, d)."""
        with last_layer_inputs(self.body) as features:
            self.logits_per_task(x)
        return torch.stack(features)

    def class_table(self, outputs: int) -> Tensor:
        """Which classes each of `functions` can answer, bool, (functions, outputs)."""
        known = self.classes if self._learning is None else [*self.classes, self._learning[1]]
        table = torch.zeros(len(known), outputs, dtype=torch.bool)
        for task, classes in enumerate(known):
            table[task, classes or slice(None)] = True
        return table

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """The learned task that SupSup's one-shot gradient names for each input, (n,) int64."""
        return self._one_shot_scores(x).argmax(1)

    def _one_shot_scores(self, x: Tensor) -> Tensor:
        def mixed(weights: Tensor) -> Tensor:
            with self._selected(mixture=weights):
                logits: Tensor = self.body(x)
            return logits

        return one_shot_scores(mixed, inputs=len(x), tasks=self.tasks, device=x.device)

    def get_extra_state(self) -> dict[str, Any]:
        """What `state_dict` keeps beside tensors."""
        return {
            "labels": self.labels,
            "classes": self.classes,
            "rule": self.rule,
            "learning": self._learning,
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_extra_state` kept."""
        self.labels, self.classes = list(state["labels"]), list(state["classes"])
        self.rule = state["rule"]
        self._learning = state["learning"]

    def _forward_inferred(self, x: Tensor, candidates: Sequence[int | None]) -> Tensor:
        logits = torch.stack([self.forward_task(x, task) for task in candidates])
        rows = [self.tasks if task is None else task for task in candidates]
        if self.rule == "one-shot":
            if None in candidates:
                raise RuntimeError(
                    "the rule 'one-shot' mixes finished masks and knows nothing of the live one; "
                    "finish the task first, or use another rule"
                )
            task = self._one_shot_scores(x)[:, rows].argmax(1)
        else:
            table = self.class_table(logits.shape[-1])[rows].to(x.device)
            task = infer_task(logits, table, self.rule)
        return logits[task, torch.arange(len(x), device=x.device)]

    def _kept(self, module: nn.Module, task: int) -> Iterator[Tensor]:
        if isinstance(module, TaskLayer):
            yield from module.kept(task)
            return
        yield from module.parameters(recurse=False)
        yield from module.buffers(recurse=False)
        for child in module.children():
            yield from self._kept(child, task)

    @contextmanager
    def _selected(self, task: int | None = None, mixture: Tensor | None = None) -> Iterator[None]:
        for layer in self._task_layers:
            layer.task, layer.mixture = task, mixture
        try:
            yield
        finally:
            for layer in self._task_layers:
                layer.task, layer.mixture = None, None
