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

GRADIENT_RULES: Final = ("one-shot", "binary")
"""SupSup's rules, which need gradients through the network."""

RULES: Final = (*SCORING_RULES, *GRADIENT_RULES)
"""Every rule."""


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
    mixture_logits: Callable[[Tensor], Tensor],
    *,
    inputs: int,
    candidates: Tensor,
) -> Tensor:
    """SupSup's one-shot rule: how fast more weight on a task would lower the output's entropy.

    All candidates are mixed with equal weights. The score of a task is the negative derivative of
    the entropy with respect to its weight (Wortsman et al. 2020, Section 3.3, Equation 3).

    Args:
        mixture_logits: logits (n, outputs) as a function of the mixture weights (n, tasks).
        inputs: number of inputs n.
        candidates: which tasks are mixed, bool, (tasks,).

    Returns:
        Scores for each input alone, (n, tasks), -inf where a task is no candidate; the task with
        the highest one is inferred.
    """
    equal = candidates.float() / candidates.sum()
    weights = equal.repeat(inputs, 1).requires_grad_()
    with torch.enable_grad():
        log_probability = F.log_softmax(mixture_logits(weights), -1)
        entropy = -(log_probability.exp() * log_probability).sum()
        (gradient,) = torch.autograd.grad(entropy, weights)
    return (-gradient).masked_fill(~candidates, -torch.inf)


def infer_task_by_halving(
    scores: Callable[[Tensor, Tensor], Tensor], x: Tensor, candidates: Tensor
) -> Tensor:
    """SupSup's binary rule: the worse half of the candidates is dropped until one is left.

    Each round mixes the candidates that are left and takes their one-shot scores (Wortsman et al.
    2020, Section 3.3), so that k tasks need about log2 k gradients. Each input is answered alone;
    inputs with the same candidates share a round.

    Args:
        scores: one-shot scores (n, tasks) of inputs (n, ...) for candidates, bool, (tasks,).
        x: inputs, (n, ...).
        candidates: at first, bool, (tasks,).

    Returns:
        Task of each input, (n,), int64.
    """
    left = int(candidates.sum())
    kept = candidates.repeat(len(x), 1)
    while left > 1:
        left = (left + 1) // 2
        for group in torch.unique(kept, dim=0):
            rows = (kept == group).all(1)
            best = scores(x[rows], group).topk(left, dim=1).indices
            kept[rows] = torch.zeros_like(kept[rows]).scatter(1, best, True)
    return kept.int().argmax(1)
