"""Training of a network with a function per task as an Avalanche strategy."""

from __future__ import annotations

from avalanche.training.supervised import Naive
from torch import Tensor

from rmn.tasks.network import TaskNetwork


class TaskNetworkTraining(Naive):
    """Fine-tuning of a `TaskNetwork`, under a plugin that begins and finishes its tasks.

    Args:
        **arguments: as of any Avalanche strategy; the model is a `TaskNetwork`.
    """

    model: TaskNetwork

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Logits of inputs x (n, ...) under every learned task, (tasks, n, outputs)."""
        return self.model.logits_per_task(x)

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from."""
        return self.model.inference_tensors()


class LabelledTaskNetworkTraining(TaskNetworkTraining):
    """As `TaskNetworkTraining`, with tasks that are all finished when it predicts.

    Of a mixture of tasks, which one-shot inference takes, a task that is being learned is no part.

    Args:
        **arguments: see `TaskNetworkTraining`.
    """

    def infer_task_in_one_shot(self, x: Tensor) -> Tensor:
        """Learned task of each input x (n, ...) by SupSup's one-shot gradient, (n,), int64."""
        return self.model.infer_task_in_one_shot(x)
