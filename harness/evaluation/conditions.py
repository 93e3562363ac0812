"""What of the conditions of strict continual learning a strategy is seen to give up.

Supplement Table 1 of the paper is made from these counts (`harness.analysis.conditions`), and what
a method declares is checked against them (`harness.experiment.requirements`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from avalanche.models.generator import Generator
from avalanche.training.plugins import SupervisedPlugin
from torch import nn

from baselines.components.expert_mixture.network import ExpertMixture
from baselines.components.per_task import HeadPerTask, NetworkPerTask
from harness.evaluation.measurements import Snapshot, register_measurement
from harness.evaluation.memory_usage import reachable
from harness.storage.schema import Row
from rmn.tasks.layers import TaskHead

if TYPE_CHECKING:
    from avalanche.training.templates import SupervisedTemplate


@dataclass(frozen=True, slots=True)
class HeldParts:
    """Counts of parts of a strategy.

    Attributes:
        output_layers: of its network.
        other_networks: with weights, beside the network that answers; of a network per task and of
            a mixture of experts, all but one.
        generators: of examples, among the other networks.
    """

    output_layers: int
    other_networks: int
    generators: int


def held_parts(strategy: SupervisedTemplate) -> HeldParts:
    """The parts that a strategy holds at this moment."""
    model = strategy.model
    own = set(model.modules())
    heads = [len(part.copies) for part in own if isinstance(part, HeadPerTask)]
    heads += [len(part.finished) for part in own if isinstance(part, TaskHead)]
    heads += [
        len(part.get_buffer("finished_weight"))  # a converted layer that is no mapped one
        for part in own
        if isinstance(part, nn.Linear) and hasattr(part, "finished_weight")
    ]
    answering = (
        len(model.networks)
        if isinstance(model, NetworkPerTask)
        else len(model.experts)
        if isinstance(model, ExpertMixture)
        else 1
    )
    others = [
        value
        for value in reachable(strategy)
        if isinstance(value, nn.Module)
        and value not in own
        and any(True for _ in value.parameters())
    ]
    parts = {part for network in others for part in network.modules() if part is not network}
    whole = [network for network in others if network not in parts]
    generators = sum(isinstance(network, Generator) for network in whole)
    return HeldParts(max([1, *heads]), max(0, answering - 1) + len(whole), generators)


class HeldInTraining(SupervisedPlugin):
    """Looks once a task, after its first step, at what a strategy holds while it trains.

    Attributes:
        networks: largest number of other networks that was seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.networks = 0

    def after_training_iteration(self, strategy: SupervisedTemplate, **kwargs: Any) -> None:
        """Look after the first step."""
        if strategy.clock.train_exp_iterations == 0:
            self.networks = max(self.networks, held_parts(strategy).other_networks)


@register_measurement
def conditions(snapshot: Snapshot) -> Iterator[Row]:
    """The counts after a task; those of other networks also as they were in training."""
    strategy = snapshot.strategy
    held = held_parts(strategy)
    seen = [plugin.networks for plugin in strategy.plugins if isinstance(plugin, HeldInTraining)]
    counts = {
        "output_layers": held.output_layers,
        "other_networks": max([held.other_networks, *seen]),
        "generators": held.generators,
    }
    for metric, value in counts.items():
        yield {"metric": metric, "after": snapshot.after, "value": float(value)}
