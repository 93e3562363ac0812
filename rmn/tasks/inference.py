"""Inference of an input's task from the logits under each learned task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F


def _max_logit(logits: Tensor, classes: Tensor) -> Tensor:
    """Largest logit among the task's classes (paper, Algorithm 2, line 22)."""
    return logits.masked_fill(~classes, -torch.inf).amax(-1)


def _max_probability(logits: Tensor, classes: Tensor) -> Tensor:
    """Largest softmax probability among the task's classes (Hendrycks & Gimpel 2017)."""
    return F.softmax(logits, -1).masked_fill(~classes, 0).amax(-1)


def _entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """Negative entropy of the softmax over all classes."""
    log_probability = F.log_softmax(logits, -1)
    return (log_probability.exp() * log_probability).sum(-1)


def _energy(logits: Tensor, classes: Tensor) -> Tensor:
    """Log-sum-exp of the logits of the task's classes (Liu et al. 2020)."""
    return logits.masked_fill(~classes, -torch.inf).logsumexp(-1)


_SCORES: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "max-logit": _max_logit,
    "max-probability": _max_probability,
    "entropy": _entropy,
    "energy": _energy,
}

SCORING_RULES: Final = tuple(_SCORES)
"""Rules that need nothing but the logits under each task."""

RULES: Final = (*SCORING_RULES, "one-shot")
"""Every rule; "one-shot" also needs a gradient through the network."""


def task_scores(logits: Tensor, classes: Tensor, rule: str) -> Tensor:
    """Score of each candidate task for each input; the task with the highest one is inferred.

    Args:
        logits: logits under each candidate task, (tasks, n, outputs).
        classes: the classes of each candidate task, bool, (tasks, outputs); or (1, outputs), the
            same for all.
        rule: one of `SCORING_RULES`.

    Returns:
        Scores, (tasks, n).

    Raises:
        ValueError: unknown rule.
    """
    if rule not in _SCORES:
        raise ValueError(f"rule is {rule!r}; use one of {SCORING_RULES}")
    return _SCORES[rule](logits, classes[:, None])


def infer_task(logits: Tensor, classes: Tensor, rule: str) -> Tensor:
    """Infer the task of each input alone.

    Args:
        logits: logits under each candidate task, (tasks, n, outputs).
        classes: the classes of each candidate task, bool, (tasks, outputs) or (1, outputs).
        rule: one of `SCORING_RULES`.

    Returns:
        Index of the candidate task with the highest score, (n,), int64.

    Raises:
        ValueError: unknown rule.
    """
    return task_scores(logits, classes, rule).argmax(0)


def one_shot_scores(
    mixture_logits: Callable[[Tensor], Tensor], *, inputs: int, tasks: int, device: torch.device
) -> Tensor:
    """SupSup's one-shot rule: how fast more weight on a task would lower the output's entropy.

    All tasks are mixed with equal weights. The score of a task is the negative derivative of the
    entropy with respect to its weight (Wortsman et al. 2020, Section 3.3, Equation 3).

    Args:
        mixture_logits: logits (n, outputs) as a function of the mixture weights (n, tasks).
        inputs: number of inputs n.
        tasks: number of learned tasks.
        device: device of the weights.

    Returns:
        Scores for each input alone, (n, tasks); the task with the highest one is inferred.
    """
    weights = torch.full((inputs, tasks), 1 / tasks, device=device, requires_grad=True)
    with torch.enable_grad():
        log_probability = F.log_softmax(mixture_logits(weights), -1)
        entropy = -(log_probability.exp() * log_probability).sum()
        (gradient,) = torch.autograd.grad(entropy, weights)
    return -gradient
