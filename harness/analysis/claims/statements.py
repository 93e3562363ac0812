"""What the paper says in words, each with the function that judges it."""

from __future__ import annotations

from harness.analysis.claims.accuracy import (
    judge_against_networks,
    judge_hat_on_resnet,
    judge_replay,
    judge_without_penalty,
)
from harness.analysis.claims.beta import judge_beta, judge_learned_beta
from harness.analysis.claims.identity import (
    judge_hat_without_identity,
    judge_max_rule,
    judge_without_identity,
    judge_without_labels,
)
from harness.analysis.claims.masks import (
    judge_disjoint_masks,
    judge_memory,
    judge_related_overlap,
    judge_usage,
    judge_usage_without_penalty,
)
from harness.analysis.claims.verdict import Claim


def statements() -> list[Claim]:
    """In the order of the paper's argument."""
    return [
        Claim(
            "RMN needs no task identity at test: it is as accurate without",
            "Section 5.1, Supplement 2.1.1",
            "no loss",
            judge_without_identity,
        ),
        Claim(
            "The right mask's answer is that of the largest logit over all masks: "
            "f(x, j) = max over k of f(x, k)",
            "Section 5.2.2, Figure 2",
            "for any task",
            judge_max_rule,
        ),
        Claim(
            "Pathways of different tasks do not overlap",
            "Section 5.2.2",
            "0",
            judge_disjoint_masks,
        ),
        Claim(
            "Masks of related tasks overlap more (a permutation that is repeated)",
            "Section 1, Section 4",
            "more",
            judge_related_overlap,
        ),
        Claim("A beta of 80 or more makes no difference", "Supplement 2.2", "none", judge_beta),
        Claim("A learned beta tightens", "Supplement 2.2", "rises", judge_learned_beta),
        Claim(
            "The sparsity penalty is optional",
            "Supplement 2.1.1, 2.3",
            "no loss",
            judge_without_penalty,
        ),
        Claim(
            "Nothing is lost against a network for each task",
            "Supplement 2.5",
            "no loss",
            judge_against_networks,
        ),
        Claim("The weights are never used up", "Supplement 2.4", "below 100 %", judge_usage),
        Claim(
            "Without any penalty the use of the weights evens out",
            "Supplement 2.3, Figure 1",
            "below 100 %",
            judge_usage_without_penalty,
        ),
        Claim(
            "The masks of the network for MNIST take 12 kB at worst",
            "Supplement 2.4",
            "12 kB",
            judge_memory,
        ),
        Claim(
            "Replay causes catastrophic remembering: old is told from new worse",
            "Section 1, 3.1",
            "worse",
            judge_replay,
        ),
        Claim(
            "RMN loses nothing without task labels in training",
            "Section 5.2.1, Table 2",
            "no loss",
            judge_without_labels,
        ),
        Claim(
            "HAT cannot do without the task identity",
            "Section 2, Supplement 4.1",
            "cannot",
            judge_hat_without_identity,
        ),
        Claim(
            "HAT does not work with residual networks",
            "Section 2, Table 1",
            "23.6 ± 8.8",
            judge_hat_on_resnet,
        ),
    ]
