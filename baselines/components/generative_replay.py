"""Generative replay whose examples are labelled by what was learned, and by nothing else."""

from __future__ import annotations

from typing import Any

import torch
from avalanche.models import MultiTaskModule
from avalanche.training.plugins import GenerativeReplayPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn


class LabellingReplayPlugin(GenerativeReplayPlugin):
    """Avalanche's plugin with labels among the classes learned, and task labels.

    Avalanche takes the old classifier's largest output, whichever it is, also one that no loss was
    ever over; gives what was generated the label of the present task; and cannot ask a classifier
    that needs a task label. Here that classifier answers under each task label, among the classes
    that it came with, and its largest logit names class and task.

    Args:
        generator_strategy: trains the generator.

    Attributes:
        learned: classes by the task label that they came with, which is one and the same on streams
            without task labels.
    """

    def __init__(self, generator_strategy: SupervisedTemplate) -> None:
        super().__init__(generator_strategy=generator_strategy)
        self.learned: dict[int, set[int]] = {}

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Append as many generated examples to the batch as it has real ones."""
        if self.untrained_solver:
            return
        x, y, tasks = strategy.mbatch
        replayed = self.old_generator.generate(len(x)).to(strategy.device)
        labels, named = self.labelled(self.old_model, replayed)
        more = zip((x, y, tasks), (replayed, labels, named), strict=True)
        strategy.mbatch = [torch.cat(pair) for pair in more]

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Train the generator as long as the classifier, and note which classes are learned."""
        self.generator_strategy.train_epochs = strategy.train_epochs
        self.generator_strategy.train(strategy.experience)
        super().after_training_exp(strategy, **kwargs)
        dataset = strategy.experience.dataset
        labels = zip(dataset.targets_task_labels, dataset.targets, strict=True)
        for task, label in sorted(set(labels)):
            self.learned.setdefault(task, set()).add(label)

    @torch.no_grad()
    def labelled(self, model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
        """Labels and task labels, (n,) int64 each, of examples x (n, ...).

        Args:
            model: what learned the tasks before.
            x: generated.
        """
        alike = None if isinstance(model, MultiTaskModule) else model(x)
        answers = []
        for task, classes in self.learned.items():
            logits = model(x, task) if alike is None else alike
            own = torch.zeros(logits.shape[1], dtype=torch.bool, device=x.device)
            own[sorted(classes)] = True
            answers.append(logits.masked_fill(~own, -torch.inf).max(1))
        best = torch.stack([answer.values for answer in answers]).argmax(0)
        labels = torch.stack([answer.indices for answer in answers])
        return labels.gather(0, best[None])[0], torch.tensor([*self.learned], device=x.device)[best]
