"""Rehearsal of stored examples as an Avalanche plugin.

Avalanche 0.6.0 ships one, whose loader puts new examples in an order of its own, and whose buffer
is divided anew among the tasks with each of them.
"""

from __future__ import annotations

from typing import Any

import torch
from avalanche.training.templates import SupervisedTemplate

from baselines.components.episodic_memory import EpisodicMemoryPlugin


class RehearsalPlugin(EpisodicMemoryPlugin):
    """Adds as many stored examples to each batch as there are new ones.

    Put it before plugins that change batches, such as those that augment images.
    """

    def before_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Make the batch twice as long."""
        if self.columns:
            drawn = self.draw(len(strategy.mb_y))
            strategy.mbatch = [torch.cat(pair) for pair in zip(strategy.mbatch, drawn, strict=True)]
