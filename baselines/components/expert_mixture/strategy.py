"""Training of an `ExpertMixture` as an Avalanche strategy."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low
from typing import Any

import torch
from avalanche.training.supervised import Naive
from torch import Tensor, nn

from baselines.components.expert_mixture.network import (
    Expert,
    ExpertMixture,
    chilled_log_likelihood,
)


@dataclass(frozen=True, slots=True)
class ExpertTraining:
    """How experts come to be and learn.

    Attributes:
        capacity: examples that none explains of which a new expert is made.
        log_alpha: logarithm of the concentration of the Dirichlet process.
        chill: temperature of the classifiers where examples are assigned.
        generator_steps: steps of a new expert's density.
        classifier_steps: steps of its classifier.
        batch_size: examples of such a step.
        generator_lr: learning rate of densities.
        classifier_lr: learning rate of classifiers.
        weight_decay: of all weights, as in Adam.
        clip: largest size of a gradient's entries.
        min_usage: sum of responsibilities in a batch below which an expert is left as it is.
        seed: of the batches of new experts.
    """

    capacity: int
    log_alpha: float
    chill: float
    generator_steps: int
    classifier_steps: int
    batch_size: int
    generator_lr: float
    classifier_lr: float
    weight_decay: float
    clip: float
    min_usage: float
    seed: int


class ExpertMixtureTraining(Naive):
    """Lee et al. 2020 on a plain sequence of batches, without task labels or boundaries.

    Each example goes to the expert that explains it best, or, if a new one would do so better, to
    a short-term memory. When that is full a new expert is trained on what is in
    it, and it is emptied. Experts learn from their examples as they come, by their responsibility.

    Args:
        training: how experts come to be and learn.
        **arguments: as of any Avalanche strategy; the model is an `ExpertMixture`, and the
            optimizer takes the parameters of new experts as they come.

    Attributes:
        memory_x: inputs of the short-term memory.
        memory_y: their classes.
    """

    model: ExpertMixture

    def __init__(self, *, training: ExpertTraining, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.training = training
        self.generator = torch.Generator().manual_seed(training.seed)
        self.memory_x: list[Tensor] = []
        self.memory_y: list[Tensor] = []
        self._arrivals: list[int] = []
        self._switches: list[int] = []
        self._batches_seen = 0

    @property
    def switches(self) -> list[int]:
        """Number of the batch by which half of what each expert was made of had come."""
        return self._switches or [0]

    def logits_per_task(self, x: Tensor) -> Tensor:
        """Log-likelihoods of inputs x (n, ...), experts and classes, (experts, n, outputs)."""
        return self.model.log_joint(x)

    def inference_tensors(self) -> list[Tensor]:
        """All tensors that predictions are made from: the experts' and how much each has seen."""
        experts = self.model.experts
        if not len(experts):
            return [*self.model.base.parameters(), *self.model.base.buffers()]
        return [self.model.counts, *experts.parameters(), *experts.buffers()]

    def make_optimizer(self, **kwargs: Any) -> None:
        """Nothing: the optimizer goes on, and is given the parameters of new experts."""

    def training_epoch(self, **kwargs: Any) -> None:
        """Learn from the batches in their order."""
        for self.mbatch in self.dataloader:  # noqa: B020 - as in Avalanche's own loop
            if self._stop_training:
                break
            self._unpack_minibatch()
            self._before_training_iteration(**kwargs)
            self.model.eval()  # batches of an expert's own examples may be of one
            self._learn(self.mb_x, self.mb_y)
            if len(self._arrivals) >= self.training.capacity:
                self._sleep()
            self._batches_seen += 1
            self._after_training_iteration(**kwargs)

    def _learn(self, x: Tensor, y: Tensor) -> None:
        """Send examples to the memory, or teach them to the experts.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,).
        """
        with torch.no_grad():
            scores = self._scores(x, y)
            self.mb_output = self.model(x)
        self.loss = self.criterion()
        novel = scores.argmax(0) == 0
        self.memory_x += x[novel].unbind()
        self.memory_y += y[novel].unbind()
        self._arrivals += [self._batches_seen] * int(novel.sum())
        if novel.all():
            return
        x, y, responsibilities = x[~novel], y[~novel], scores[1:, ~novel].softmax(0)
        usage = responsibilities.sum(1)
        self.model.counts += usage.double()
        losses = []
        for number in (usage > self.training.min_usage).nonzero().flatten().tolist():
            expert = self._expert(number)
            expert.density.train()  # draws codes: else nothing but their prior shapes their widths
            likelihood = expert.log_probabilities(x).gather(1, y[:, None])[:, 0]
            likelihood = likelihood + expert.density.log_likelihood(x)
            expert.density.eval()
            losses.append(-(responsibilities[number] * likelihood).sum())
        if losses:
            self._step(torch.stack(losses).sum())

    def _scores(self, x: Tensor, y: Tensor) -> Tensor:
        """How well each expert explains examples, and first a new one, (1 + experts, n).

        Its likelihood of an example by the number of examples that it was taught, as a logarithm.

        Args:
            x: inputs, (n, ...).
            y: classes, (n,).
        """
        chill = self.training.chill
        parts = [
            chilled_log_likelihood(self.model.base, x, y, chill) + self.training.log_alpha,
            *(
                chilled_log_likelihood(self._expert(number), x, y, chill) + count.log()
                for number, count in enumerate(self.model.counts.float())
            ),
        ]
        return torch.stack(parts)

    def _sleep(self) -> None:
        """Make an expert of what is in the memory."""
        expert = self.model.add_expert()
        self._add_parameters(expert.density, self.training.generator_lr)
        self._add_parameters(expert.classifier, self.training.classifier_lr)
        x, y = torch.stack(self.memory_x), torch.stack(self.memory_y)
        expert.train()
        for _ in range(self.training.generator_steps):
            self._step(-expert.density.log_likelihood(x[self._drawn(len(x))]).mean())
        for _ in range(self.training.classifier_steps):
            drawn = self._drawn(len(x))
            self._step(nn.functional.cross_entropy(expert.classifier(x[drawn]), y[drawn]))
        expert.eval()
        self.model.counts[-1] = len(x)
        self._switches.append(median_low(self._arrivals))
        self.memory_x, self.memory_y, self._arrivals = [], [], []

    def _drawn(self, size: int) -> Tensor:
        """Numbers of the examples of a step of a new expert, of so many."""
        drawn = torch.randint(size, (self.training.batch_size,), generator=self.generator)
        return drawn.to(self.device)

    def _expert(self, number: int) -> Expert:
        expert = self.model.experts[number]
        assert isinstance(expert, Expert)
        return expert

    def _add_parameters(self, module: nn.Module, lr: float) -> None:
        self.optimizer.add_param_group({"params": list(module.parameters()), "lr": lr})

    def _step(self, loss: Tensor) -> None:
        """One step on the parameters that a loss depends on."""
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        moved = [w for w in self.model.parameters() if w.grad is not None]
        nn.utils.clip_grad_value_(moved, self.training.clip)
        self.optimizer.step()
