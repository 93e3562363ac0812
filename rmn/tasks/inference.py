"""Inferring the task of an input from what the network answers under each learned task."""

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
"""Every rule; "one-shot" needs a gradient through the network as well."""


def task_scores(logits: Tensor, classes: Tensor, rule: str) -> Tensor:
    """How much each candidate task claims each input for its own.

    Args:
        logits: under every candidate task, (tasks, n, outputs).
        classes: which classes each candidate task has, bool, (tasks, outputs); or one row for all.
        rule: one of `SCORING_RULES`.

    Returns:
        Scores, (tasks, n); higher is likelier.

    Raises:
        ValueError: unknown rule.
    """
    if rule not in _SCORES:
        raise ValueError(f"rule is {rule!r}; use one of {SCORING_RULES}")
    return _SCORES[rule](logits, classes[:, None])


def infer_task(logits: Tensor, classes: Tensor, rule: str) -> Tensor:
    """Index of the task with the best of `task_scores` for each input alone, (n,), int64."""
    return task_scores(logits, classes, rule).argmax(0)


def one_shot_scores(
    mixed: Callable[[Tensor], Tensor], *, inputs: int, tasks: int, device: torch.device
) -> Tensor:
    """SupSup's one-shot rule: how fast the weight of each task would lower the output's entropy.

    All masks are mixed with equal weights; a task's score is the negative derivative of the entropy
    with respect to its weight, the largest wins (Wortsman et al. 2020, Section 3.3, Equation 3).

    Args:
        mixed: logits (n, outputs) as a function of the mixture weights (n, tasks).
        inputs: number of inputs n.
        tasks: number of learned tasks.
        device: of the weights.

    Returns:
        Scores for each input alone, (n, tasks); higher is likelier.
    """
    weights = torch.full((inputs, tasks), 1 / tasks, device=device, requires_grad=True)
    with torch.enable_grad():
        log_probability = F.log_softmax(mixed(weights), -1)
        entropy = -(log_probability.exp() * log_probability).sum()
        (gradient,) = torch.autograd.grad(entropy, weights)
    return -gradient
