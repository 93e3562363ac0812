"""Claims about what is lost: without a penalty, against other networks, by replay."""

from __future__ import annotations

from typing import Final

from harness.analysis.claims.evidence import LABELLED, NO_PENALTY, Evidence
from harness.analysis.claims.outcomes import Found, missing, no_loss, not_ablated, of_variants
from harness.analysis.claims.verdict import CLOSE, SAME, Estimate, Verdict, Word, estimate, gained
from harness.analysis.published import short
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of

_SPLIT: Final = "split_mnist"
_RMN: Final = "rmn"


def judge_without_penalty(evidence: Evidence) -> Verdict:
    """Accuracy without the L0 penalty minus that with it, by seed."""

    def difference(place: Evidence, name: str) -> Estimate:
        without = place.values(name, TASK_IL, _RMN, "acc", NO_PENALTY)
        return gained(without, place.values(name, TASK_IL, _RMN, "acc"))

    found = of_variants(evidence, difference)
    return no_loss(found, SAME, TASK_IL) if found else not_ablated("penalties")


def judge_against_networks(evidence: Evidence) -> Verdict:
    """Accuracy of RMN minus that of a network for each task, by seed."""
    found: Found = []
    for name in LABELLED:
        own = evidence.values(name, TASK_IL, _RMN, "acc")
        each = gained(own, evidence.values(name, TASK_IL, "single", "acc"))
        if each.seeds:
            found.append((short(name), each))
    if not found:
        return missing(evidence, _SPLIT, scenario=TASK_IL, methods="rmn,single")
    return no_loss(found, SAME, TASK_IL)


def judge_replay(evidence: Evidence) -> Verdict:
    """AUROC of old against new of replay minus that of the same learner without it, by seed."""
    name = "split_mnist_unsupervised"
    [scenario] = scenarios_of(BENCHMARKS[name])
    replay, naive = (
        evidence.values(name, scenario, method, "old_new_auroc") for method in ("replay", "naive")
    )
    ours = gained(replay, naive)
    if not ours.seeds:
        return missing(evidence, name, methods="rmn_unsupervised,replay,naive")
    text = f"AUROC {ours.text(sign=True)} against Naive"
    if ours.high < 0:
        return Verdict(Word.REPRODUCED, "replay tells old from new worse", text, scenario)
    if ours.low > 0:
        return Verdict(Word.CONTRADICTED, "replay tells old from new better", text, scenario)
    return Verdict(Word.NOT_REPRODUCED, "no difference is shown", text, scenario)


def judge_hat_on_resnet(evidence: Evidence) -> Verdict:
    """Accuracy of HAT on ResNet-18 against fine-tuning, by seed."""
    name = "split_cifar100_20"
    hat, naive = (evidence.values(name, TASK_IL, method, "acc") for method in ("hat", "naive"))
    ours, gain = estimate(hat), gained(hat, naive)
    if not gain.seeds:
        return missing(evidence, name, scenario=TASK_IL, methods="hat,naive")
    text = f"{ours.text()}, {gain.text(sign=True)} against Naive"
    difference = f"{ours.mean - 23.6:+.2f}"
    if gain.low > 0:
        return Verdict(Word.CONTRADICTED, "it works", text, TASK_IL, difference)
    if gain.mean <= CLOSE:
        return Verdict(Word.REPRODUCED, "it is no better than Naive", text, TASK_IL, difference)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to say", text, TASK_IL, difference)
