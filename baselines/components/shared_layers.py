"""The layers of a network that its tasks share, and the BatchNorms among them."""

from __future__ import annotations

from avalanche.training.templates import SupervisedTemplate
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from baselines.components.losses import OwnOutputs
from baselines.components.per_task import PerTask
from rmn.tasks.features import last_layer


def shared_modules(strategy: SupervisedTemplate) -> set[nn.Module]:
    """The modules that no task has for itself.

    Args:
        strategy: whose network; where its loss is over the task's own outputs, tasks do not share
            the output layer.
    """
    model = strategy.model
    owned = {
        part for layer in model.modules() if isinstance(layer, PerTask) for part in layer.modules()
    }
    if isinstance(strategy._criterion, OwnOutputs):
        owned.add(last_layer(model))
    return set(model.modules()) - owned


def shared_batch_norms(strategy: SupervisedTemplate) -> list[_BatchNorm]:
    """The BatchNorms that no task has for itself, in no order.

    Args:
        strategy: whose network.
    """
    return [module for module in shared_modules(strategy) if isinstance(module, _BatchNorm)]
