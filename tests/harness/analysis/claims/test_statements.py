"""Verdicts on what the paper says in words, each on numbers made up for either side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from harness.analysis.claims import accuracy, beta, identity, masks
from harness.analysis.claims.evidence import Evidence
from harness.analysis.claims.statements import statements
from harness.analysis.claims.verdict import Verdict, Word
from harness.config.ablation import RELATED
from harness.config.benchmarks import BENCHMARKS

Make = Callable[[Mapping[Any, Sequence[float]]], Evidence]
Judge = Callable[[Evidence], Verdict]

S, P = "split_mnist", "permuted_mnist"
T, C = "task-il", "class-il"


def near(level: float) -> list[float]:
    """Of three seeds, with an interval of about a quarter of a point to either side."""
    return [level - 0.001, level, level + 0.001]


CASES: list[tuple[Judge, dict[Any, list[float]], Word]] = [
    (
        identity.judge_without_identity,
        {(S, T, "rmn", "acc"): near(0.99), (S, C, "rmn", "acc"): near(0.985)},
        Word.REPRODUCED,
    ),
    (
        identity.judge_without_identity,
        {(S, T, "rmn", "acc"): near(0.99), (S, C, "rmn", "acc"): near(0.7)},
        Word.CONTRADICTED,
    ),
    (
        identity.judge_without_identity,
        {(S, T, "rmn", "acc"): [0.99], (S, C, "rmn", "acc"): [0.7]},
        Word.NOT_REPRODUCED,  # one seed excludes nothing
    ),
    (identity.judge_max_rule, {(S, C, "rmn", "task_inference"): near(0.995)}, Word.REPRODUCED),
    (identity.judge_max_rule, {(S, C, "rmn", "task_inference"): near(0.6)}, Word.CONTRADICTED),
    (
        identity.judge_max_rule,
        {(S, C, "rmn", "task_inference"): [0.90, 0.99, 0.99]},
        Word.NOT_REPRODUCED,
    ),
    (masks.judge_disjoint_masks, {(S, T, "rmn", "mask_overlap"): near(0.01)}, Word.REPRODUCED),
    (masks.judge_disjoint_masks, {(S, T, "rmn", "mask_overlap"): near(0.3)}, Word.CONTRADICTED),
    (
        beta.judge_beta,
        {
            (S, T, "rmn|beta=80.0, beta_end=None", "acc"): near(0.99),
            (S, T, "rmn|beta=500.0, beta_end=None", "acc"): near(0.991),
        },
        Word.REPRODUCED,
    ),
    (
        beta.judge_beta,
        {
            (S, T, "rmn|beta=80.0, beta_end=80.0", "acc"): near(0.9),
            (S, T, "rmn|beta=500.0, beta_end=None", "acc"): near(0.99),
        },
        Word.CONTRADICTED,
    ),
    (
        beta.judge_beta,  # a beta that rises, another setting as well, or one below 80 is none
        {
            (S, T, "rmn|beta=80.0", "acc"): near(0.9),
            (S, T, "rmn|beta=500.0, beta_end=None, spread=0.1", "acc"): near(0.99),
            (S, T, "rmn|beta=50.0, beta_end=None", "acc"): near(0.99),
            (S, T, "rmn|beta=90.0, beta_end=None", "acc"): near(0.99),
        },
        Word.NOT_MEASURED,
    ),
    (
        beta.judge_learned_beta,
        {
            (S, T, "rmn|learn_beta=True", "beta"): [60.0, 61.0, 62.0],
            (S, T, "rmn|learn_beta=True", "undecided"): near(0.02),
        },
        Word.REPRODUCED,  # from 50, the default
    ),
    (
        beta.judge_learned_beta,
        {
            (S, T, "rmn|learn_beta=True", "beta"): [60.0, 61.0, 62.0],
            (S, T, "rmn|learn_beta=True", "undecided"): near(0.14),
        },
        Word.NOT_REPRODUCED,
    ),
    (
        beta.judge_learned_beta,
        {(S, T, "rmn|beta=80.0, learn_beta=True", "beta"): [60.0, 61.0, 62.0]},
        Word.CONTRADICTED,
    ),
    (
        accuracy.judge_without_penalty,
        {(S, T, "rmn", "acc"): near(0.99), (S, T, "rmn|l0_weight=0.0", "acc"): near(0.989)},
        Word.REPRODUCED,
    ),
    (
        accuracy.judge_without_penalty,
        {(S, T, "rmn", "acc"): near(0.99), (S, T, "rmn|l0_weight=0.0", "acc"): near(0.95)},
        Word.CONTRADICTED,
    ),
    (
        accuracy.judge_against_networks,
        {(S, T, "rmn", "acc"): near(0.99), (S, T, "single", "acc"): near(0.993)},
        Word.REPRODUCED,
    ),
    (
        accuracy.judge_against_networks,
        {
            (S, T, "rmn", "acc"): near(0.99),
            (S, T, "single", "acc"): near(0.99),
            (P, T, "rmn", "acc"): near(0.95),
            (P, T, "single", "acc"): near(0.97),
        },
        Word.CONTRADICTED,  # on one of the two
    ),
    (masks.judge_usage, {(S, T, "rmn", "weights_used"): near(0.7)}, Word.REPRODUCED),
    (masks.judge_usage, {(S, T, "rmn", "weights_used"): near(0.999)}, Word.CONTRADICTED),
    (
        masks.judge_usage_without_penalty,
        {(S, T, "rmn|l0_weight=0.0", "weights_used"): near(0.95)},
        Word.REPRODUCED,
    ),
    (
        masks.judge_usage_without_penalty,
        {
            (S, T, "rmn|l0_weight=0.0", "weights_used"): near(0.95),
            (P, T, "rmn|l0_weight=0.0", "weights_used"): [1.0, 1.0, 1.0],
            (P, T, "rmn", "weights_used"): [0.5],
        },
        Word.CONTRADICTED,  # on one of the two, and whatever is used with the penalty
    ),
    (
        masks.judge_usage_without_penalty,
        {(P, T, "rmn|l0_weight=0.0", "weights_used"): [1.0]},
        Word.NOT_REPRODUCED,
    ),
    (masks.judge_usage, {(S, T, "rmn", "weights_used"): [0.97, 0.98, 0.999]}, Word.REPRODUCED),
    (
        identity.judge_hat_without_identity,
        {(S, C, "hat", "task_inference"): [0.54]},
        Word.NOT_REPRODUCED,
    ),
    (
        masks.judge_usage_without_penalty,
        {(S, T, "rmn", "weights_used"): near(0.7)},
        Word.NOT_MEASURED,
    ),
    (
        accuracy.judge_replay,
        {
            ("split_mnist_unsupervised", C, "replay", "old_new_auroc"): near(0.6),
            ("split_mnist_unsupervised", C, "naive", "old_new_auroc"): near(0.7),
        },
        Word.REPRODUCED,
    ),
    (
        accuracy.judge_replay,
        {
            ("split_mnist_unsupervised", C, "replay", "old_new_auroc"): near(0.8),
            ("split_mnist_unsupervised", C, "naive", "old_new_auroc"): near(0.7),
        },
        Word.CONTRADICTED,
    ),
    (
        identity.judge_without_labels,
        {("split_mnist_unsupervised", C, "rmn_unsupervised", "degradation"): near(0.005)},
        Word.REPRODUCED,
    ),
    (
        identity.judge_without_labels,
        {("split_mnist_unsupervised", C, "rmn_unsupervised", "degradation"): near(0.2)},
        Word.CONTRADICTED,
    ),
    (
        identity.judge_hat_without_identity,
        {(S, C, "hat", "task_inference"): near(0.21)},
        Word.REPRODUCED,  # chance is a fifth
    ),
    (
        identity.judge_hat_without_identity,
        {(S, C, "hat", "task_inference"): near(0.54)},
        Word.CONTRADICTED,
    ),
    (
        accuracy.judge_hat_on_resnet,
        {
            ("split_cifar100_20", T, "hat", "acc"): near(0.3),
            ("split_cifar100_20", T, "naive", "acc"): near(0.3),
        },
        Word.REPRODUCED,
    ),
    (
        accuracy.judge_hat_on_resnet,
        {
            ("split_cifar100_20", T, "hat", "acc"): near(0.7),
            ("split_cifar100_20", T, "naive", "acc"): near(0.3),
        },
        Word.CONTRADICTED,
    ),
]


@pytest.mark.parametrize(("judge", "given", "word"), CASES)
def test_numbers_decide(
    judge: Judge, given: dict[Any, list[float]], word: Word, evidence: Make
) -> None:
    assert judge(evidence(given)).word is word


@pytest.mark.parametrize("claim", statements(), ids=lambda claim: claim.statement[:30])
def test_without_numbers_a_claim_says_how_to_measure_it(claim: Any, evidence: Make) -> None:
    found = claim.judge(evidence({}))
    assert found.word is Word.NOT_MEASURED
    assert found.why.startswith(("python -m harness.compare ", "python -m harness.ablation "))


def test_variants_may_be_measured_in_the_ablation(evidence: Make) -> None:
    ablated = evidence(
        {(S, T, "rmn", "acc"): near(0.99), (S, T, "rmn|l0_weight=0.0", "acc"): near(0.9)}
    )
    both = replace(evidence({(S, T, "rmn", "acc"): near(0.5)}), ablation=ablated)
    found = accuracy.judge_without_penalty(both)
    assert (found.word, found.ours) == (Word.CONTRADICTED, "-9.00 ± 0.00 on S-MNIST")


@pytest.mark.parametrize(
    ("again", "other", "word"), [(90, 50, Word.REPRODUCED), (50, 90, Word.CONTRADICTED)]
)
def test_masks_of_the_same_task_are_held_against_those_of_others(
    again: int, other: int, word: Word, monkeypatch: pytest.MonkeyPatch, evidence: Make
) -> None:
    """Each of eight masks keeps 100 of 1,000 weights, so that chance is the same for all pairs."""
    orders = BENCHMARKS[RELATED].pixel_orders
    rows: list[dict[str, Any]] = []
    for seed in range(3):
        run = {"run_id": str(seed), "baseline": "rmn", "setting": "", "seed": seed, "layer": "1"}
        rows.append({**run, "metric": "weights", "value": 1000.0})
        for task in range(1, 9):
            rows.append({**run, "metric": "mask_ones", "task": task, "value": 100.0})
            shared = again if task == 3 else other + seed
            if task > 1:
                pair = {"metric": "mask_overlap", "task": 1, "other": task}
                rows.append({**run, **pair, "value": float(shared)})
    assert orders[2] == orders[0] != orders[1]
    monkeypatch.setattr(type(evidence({})), "rows", lambda *_: pd.DataFrame(rows))
    assert masks.judge_related_overlap(evidence({})).word is word


def test_losses_are_paired_by_seed_and_printed_with_their_interval(evidence: Make) -> None:
    with_it, without = [0.98, 0.99, 1.0], [0.78, 0.79, 0.80]
    given = {(S, T, "rmn", "acc"): with_it, (S, C, "rmn", "acc"): without}
    found = identity.judge_without_identity(evidence(given))
    assert found.ours == "-20.00 ± 0.00 on S-MNIST (class-il)"


@pytest.mark.parametrize(
    ("weights", "ours", "word"),
    [
        (99_400, "62.1 kB, 12.4 kB for each of 5 tasks; 81.3 kB with", Word.CONTRADICTED),
        (16_000, "10.0 kB, 2.0 kB for each of 5 tasks; 81.3 kB with", Word.REPRODUCED),
    ],
)
def test_masks_are_weighed_without_the_batch_norms(
    weights: int, ours: str, word: Word, monkeypatch: pytest.MonkeyPatch, evidence: Make
) -> None:
    rows = pd.DataFrame(
        {"run_id": str(seed), "metric": "weights", "layer": layer, "value": float(value)}
        for seed in range(2)
        for layer, value in (("1", weights - 1000), ("2", 1000))
    )
    given = evidence({(S, T, "rmn", "inference_bytes"): [81_301.0, 81_301.0]})
    monkeypatch.setattr(type(given), "rows", lambda *_: rows)
    found = masks.judge_memory(given)
    assert (found.ours, found.word) == (f"{ours} their BatchNorms", word)
