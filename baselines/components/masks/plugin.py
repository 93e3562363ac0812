"""The tasks of a `MaskNetwork` as experiences of Avalanche."""

from __future__ import annotations

from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate

from baselines.components.masks.network import MaskNetwork


class MaskPlugin(SupervisedPlugin):
    """Begins and finishes a task with each experience, and holds what earlier tasks use.

    The strategy's model is a `MaskNetwork`.

    Args:
        own_outputs: whether each task has outputs of its own, so that the others are closed to it.
    """

    def __init__(self, *, own_outputs: bool) -> None:
        super().__init__()
        self.own_outputs = own_outputs

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Begin a task."""
        model: MaskNetwork = strategy.model
        experience = strategy.experience
        classes = experience.classes_in_this_experience
        model.begin_task(experience.task_label, classes)
        if self.own_outputs:
            model.open_outputs(classes)

    def after_update(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Put the weights back that are held."""
        strategy.model.restore()

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: object) -> None:
        """Store the task's masks and BatchNorms."""
        strategy.model.finish_task()
