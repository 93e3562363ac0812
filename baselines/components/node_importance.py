"""Adaptive group sparsity as an Avalanche plugin: nodes that tasks need are held, others spared.

A node is a unit of a linear layer or a channel of a convolution; its group are the weights that
come into it.
"""

from __future__ import annotations

from typing import Any

import torch
from avalanche.models import avalanche_forward
from avalanche.training.plugins import SupervisedPlugin
from avalanche.training.templates import SupervisedTemplate
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.components.chain import Chain, incoming, norms, outgoing
from baselines.components.importance_penalty import examples
from baselines.components.losses import OwnOutputs, outputs_in_loss, without_others
from baselines.components.per_task import HeadPerTask


class AdaptiveGroupSparsityPlugin(SupervisedPlugin):
    """Jung et al. 2020: two proximal steps after each step of the optimizer (Equations 4 and 5).

    With the learning rate a, the incoming weights of a node that no task needed shrink by a * mu,
    down to zero; those of a node of importance O go back towards their values after the last task
    by a * lambda * O, and no further.

    After a task, a node's importance is eta * what it was + its mean activation over the task's
    examples. Weights from nodes without importance into nodes with some are set to zero and held
    there: what is learned there later on must not reach them. Of the nodes without importance a
    share is drawn anew, for the next task to learn with.

    The network is a `Chain`. The outputs of a layer that tasks share are nodes whose activation is
    their probability, but are never made sparse; those of a task's own are only cut off.

    Args:
        stay: lambda, what holds nodes that are important.
        sparsity: mu, what makes the others sparse.
        decay: eta, of earlier importance.
        renewed: rho, share of the nodes without importance that is drawn anew.
        seed: of what is drawn.

    Attributes:
        importance: of each layer's nodes, (nodes,), by the layer's name.
        anchor: weights after the last task, by the layer's name.
        cut: which weights are held at zero, bool, by the layer's name.
    """

    def __init__(
        self, *, stay: float, sparsity: float, decay: float, renewed: float, seed: int
    ) -> None:
        super().__init__()
        self.stay = stay
        self.sparsity = sparsity
        self.decay = decay
        self.renewed = renewed
        self.generator = torch.Generator().manual_seed(seed)
        self.importance: dict[str, Tensor] = {}
        self.anchor: dict[str, Tensor] = {}
        self.cut: dict[str, Tensor] = {}
        self._spread: dict[str, float] = {}

    def before_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Note, before the first task, how weights are drawn."""
        if not self._spread:
            chain = Chain.of(strategy.model)
            self._spread = {
                name: float(layer.weight.detach().std()) for name, layer in chain.layers.items()
            }

    @torch.no_grad()
    def after_update(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Take the proximal steps, and keep at zero what is held there."""
        rate = strategy.optimizer.param_groups[0]["lr"]
        for name, weight in _shared_weights(strategy).items():
            if name not in self.importance:
                if name in self._spread:
                    weight.copy_(shrunk(weight, rate * self.sparsity))
                continue
            importance, anchor = self.importance[name], self.anchor[name]
            held = anchor + shrunk(weight - anchor, rate * self.stay * importance)
            free = shrunk(weight, rate * self.sparsity) if name in self._spread else weight
            weight.copy_(torch.where(outgoing(importance > 0, weight), held, free))
            if name in self.cut:
                weight.masked_fill_(self.cut[name], 0)

    @torch.no_grad()
    def after_training_exp(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Add the task's importance, cut the nodes without any off, and draw some of them anew."""
        self._add_importance(strategy)
        shared = _shared_weights(strategy)
        chain = Chain.of(strategy.model)
        for before, name in chain.pairs():
            spare = self.importance[before] == 0
            if name in shared:
                weight = shared[name]
                self.cut[name] = incoming(spare, weight) & outgoing(
                    self.importance[name] > 0, weight
                )
                weight.masked_fill_(self.cut[name], 0)
            else:
                own, rows = _own_outputs(strategy, chain)
                own.masked_fill_(incoming(spare, own) & outgoing(rows, own), 0)
        for name in chain.layers:
            self._renew(shared[name], name)
        self.anchor = {name: weight.detach().clone() for name, weight in shared.items()}

    def _add_importance(self, strategy: SupervisedTemplate) -> None:
        chain = Chain.of(strategy.model)
        number, probabilities = 0, torch.zeros(())
        strategy.model.eval()
        with chain.activations_summed() as sums:
            for x, y, task_labels in examples(strategy):
                logits = avalanche_forward(strategy.model, x, task_labels)
                logits = without_others(strategy, logits, y, -torch.inf)
                probabilities = probabilities + F.softmax(logits.float(), dim=1).sum(0)
                number += len(x)
        strategy.model.train()
        shared = _shared_weights(strategy)
        if chain.output_name in shared:
            sums[chain.output_name] = probabilities
        for name, total in sums.items():
            # a BatchNorm's shift makes a node active that nothing comes into
            own = torch.where(norms(shared[name]) > 0, total / number, 0)
            self.importance[name] = self.decay * self.importance.get(name, 0) + own

    def _renew(self, weight: Tensor, name: str) -> None:
        spare = (self.importance[name] == 0).nonzero().flatten().cpu()
        order = torch.randperm(len(spare), generator=self.generator)
        chosen = spare[order[: round(self.renewed * len(spare))]].to(weight.device)
        drawn = torch.randn(len(chosen), *weight.shape[1:], generator=self.generator)
        weight[chosen] = self._spread[name] * drawn.to(weight.device)


def shrunk(rows: Tensor, amount: Tensor | float) -> Tensor:
    """Each row shortened, to zero where it is no longer than that (the proximal map of its norm).

    Args:
        rows: (nodes, ...).
        amount: of each row, (nodes,), or of all of them.
    """
    lengths = norms(rows)
    kept = ((lengths - amount) / lengths.clamp(min=1e-30)).clamp(min=0)
    return rows * outgoing(kept, rows)


def _shared_weights(strategy: SupervisedTemplate) -> dict[str, Tensor]:
    """The weights that a strategy's tasks share, by the names of their layers."""
    chain = Chain.of(strategy.model)
    found: dict[str, Tensor] = {name: layer.weight for name, layer in chain.layers.items()}
    own = isinstance(strategy._criterion, OwnOutputs)
    if isinstance(chain.output, nn.Linear) and not own:
        found[chain.output_name] = chain.output.weight
    return found


def _own_outputs(strategy: SupervisedTemplate, chain: Chain) -> tuple[Tensor, Tensor]:
    """The weight of the layer of the present task's own outputs, and which of them they are.

    Args:
        strategy: in training.
        chain: its model.
    """
    if isinstance(chain.output, HeadPerTask):
        head = chain.output.copies[-1]
        assert isinstance(head, nn.Linear)
        return head.weight, torch.ones(len(head.weight), dtype=torch.bool, device=strategy.device)
    rows = torch.zeros(len(chain.output.weight), dtype=torch.bool, device=strategy.device)
    rows[outputs_in_loss(strategy)] = True
    return chain.output.weight, rows
