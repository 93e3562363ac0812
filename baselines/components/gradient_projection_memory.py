"""Gradient projection memory as an Avalanche plugin."""

from __future__ import annotations

from typing import Any, Final

import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn

from baselines.components.batches import batches
from baselines.components.layer_gradients import patches
from baselines.components.shared_layers import shared_batch_norms, shared_modules

_AT_ONCE: Final = 32
"""Examples whose patches are in memory at one time."""

_PROJECTED: Final = (nn.Linear, nn.Conv2d)
"""Kinds of layers whose weights the steps are projected of."""

_ROUNDING: Final = 1e-12
"""Share of the inputs' energy below which a direction is one of rounding."""


class GradientProjectionMemoryPlugin(SupervisedPlugin):
    """Saha et al. 2021: layers learn nothing in the directions that earlier tasks' inputs have.

    After each task the directions that hold most of the energy of a layer's inputs join its basis.
    Gradients are projected to what is orthogonal to it. The optimizer's steps have to be along
    them, as SGD's are: Adam's are not.

    Layers that a task has for itself are free: heads and BatchNorms per task, and the output layer
    where the loss is over the task's own outputs. What tasks share and no projection protects,
    biases and BatchNorms with their statistics, is learned with the first task and held from then
    on, as in the authors' code.

    Args:
        threshold: share of the energy of a layer's inputs that its basis holds after one task.
        growth: by how much the share grows with each task; it never grows beyond 1.
        samples: examples of a task whose inputs are looked at.
        seed: of their choice.

    Attributes:
        bases: by layer, orthonormal columns, (inputs of one output, directions).
    """

    def __init__(self, *, threshold: float, growth: float, samples: int, seed: int) -> None:
        super().__init__()
        self.threshold = threshold
        self.growth = growth
        self.samples = samples
        self.generator = torch.Generator().manual_seed(seed)
        self.bases: dict[str, Tensor] = {}
        self._tasks = 0

    def before_forward(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Let BatchNorms that tasks share keep the statistics of the first task."""
        if self.bases:
            for norm in shared_batch_norms(strategy):
                norm.eval()

    @torch.no_grad()
    def before_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Project the gradients, and drop those of what is held."""
        if self.bases:
            for module in shared_modules(strategy):
                for name, parameter in module.named_parameters(recurse=False):
                    if not (isinstance(module, _PROJECTED) and name == "weight"):
                        parameter.grad = None
        for name, layer in protected_layers(strategy).items():
            gradient = layer.weight.grad
            if name in self.bases and gradient is not None:
                gradient.copy_(outside(gradient, self.bases[name]))

    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Extend the bases by directions of the task's inputs."""
        share = min(1.0, self.threshold + self.growth * self._tasks)
        for name, products in self._products_of_inputs(strategy).items():
            basis = self.bases.get(name)
            if basis is None:
                basis = products.new_zeros(len(products), 0, dtype=torch.float32)
            self.bases[name] = extended(basis, products, share)
        self._tasks += 1

    @torch.no_grad()
    def _products_of_inputs(self, strategy: SupervisedTemplate) -> dict[str, Tensor]:
        """By layer, the sum over its inputs of the outer product of each with itself, float64."""
        products: dict[str, Tensor] = {}

        def collect(name: str, layer: nn.Module, x: Tensor) -> None:
            rows = x
            if isinstance(layer, nn.Conv2d):
                rows = patches(layer, x).transpose(1, 2).flatten(0, 1)
            rows = rows.double()
            products[name] = products.get(name, 0) + rows.T @ rows

        def hook(name: str) -> Any:
            return lambda layer, inputs: collect(name, layer, inputs[0])

        layers = protected_layers(strategy)
        hooks = [layer.register_forward_pre_hook(hook(name)) for name, layer in layers.items()]
        dataset = strategy.experience.dataset
        chosen = torch.randperm(len(dataset), generator=self.generator)[: self.samples]
        strategy.model.eval()
        for x, _, labels in batches(dataset.subset(chosen.tolist()), _AT_ONCE, strategy.device):
            avalanche_forward(strategy.model, x, labels)
        strategy.model.train()
        for handle in hooks:
            handle.remove()
        return products


def protected_layers(strategy: SupervisedTemplate) -> dict[str, nn.Linear | nn.Conv2d]:
    """The linear and convolutional layers, by name, that a strategy's tasks share."""
    shared = shared_modules(strategy)
    return {
        name: layer
        for name, layer in strategy.model.named_modules()
        if isinstance(layer, _PROJECTED) and layer in shared
    }


def outside(weight: Tensor, basis: Tensor) -> Tensor:
    """The part of each output's weights that is orthogonal to a basis, shape of the weights.

    Args:
        weight: or its gradient, (outputs, ...).
        basis: orthonormal columns, (inputs of one output, directions).
    """
    rows = weight.flatten(1)
    with torch.autocast(weight.device.type, enabled=False):  # what is left out must be left out
        return (rows - rows @ basis @ basis.T).view_as(weight)


def extended(basis: Tensor, products: Tensor, share: float) -> Tensor:
    """A basis with the fewest further directions that let it hold a share of the inputs' energy.

    Saha et al. 2021, Equations 8 and 9; the singular vectors of the inputs are the eigenvectors of
    their products.

    Args:
        basis: orthonormal columns, (d, k).
        products: sum over inputs of the outer product of each with itself, float64, (d, d).
        share: of the sum of the squared inputs, from 0 to 1.
    """
    known = basis.double()
    free = torch.eye(len(basis), dtype=torch.float64, device=basis.device) - known @ known.T
    energies, directions = torch.linalg.eigh(free @ products @ free)
    energies, directions = energies.flip(0), directions.flip(1)
    total = products.trace()
    missing = share * total - (total - energies.sum())
    held_before = energies.cumsum(0) - energies
    wanted = int(((held_before < missing) & (energies > _ROUNDING * total)).sum())
    return torch.cat([basis, directions[:, :wanted].to(basis.dtype)], dim=1)
