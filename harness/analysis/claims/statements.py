"""What the paper says in words, each with the function that judges it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from baselines.registry import methods
from harness.analysis.claims.evidence import LABELLED, Evidence, command
from harness.analysis.claims.verdict import (
    CLOSE,
    SAME,
    Claim,
    Estimate,
    Verdict,
    Word,
    estimate,
    gained,
)
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of

_SPLIT: Final = "split_mnist"
_RMN: Final = "rmn"
_SHARED: Final = 5.0
"""Percent of two masks that may be common before they are said to overlap."""
_FULL: Final = 99.5
"""Percent of the weights from which all of them are used up."""
_KILOBYTES: Final = 12.0
_NAMED: Final = 98.5
"""Percent of test examples whose task must be named for the rule to equal the right mask."""
_BETAS: Final = 80.0

Found = list[tuple[str, Estimate]]
"""Where something was measured, and what came out."""


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
        Claim("The weights are never used up", "Supplement 2.3, 2.4", "below 100 %", judge_usage),
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


def judge_without_identity(evidence: Evidence) -> Verdict:
    """Accuracy without the identity minus that with it, by seed, on each benchmark."""
    found: Found = []
    for name in LABELLED:
        without = scenarios_of(BENCHMARKS[name])[-1]
        values = evidence.values(name, without, _RMN, "acc")
        each = gained(values, evidence.values(name, TASK_IL, _RMN, "acc"))
        if each.seeds:
            found.append((f"{BENCHMARKS[name].title} ({without})", each))
    if not found:
        return _missing(evidence, _SPLIT, methods_=_RMN)
    return _no_loss(found, CLOSE, "without identity")


def judge_max_rule(evidence: Evidence) -> Verdict:
    """Share of test examples whose task the max rule names, on each benchmark."""
    found: Found = []
    for name in LABELLED:
        without = scenarios_of(BENCHMARKS[name])[-1]
        values = evidence.values(name, without, _RMN, "task_inference")
        if len(values):
            found.append((f"{BENCHMARKS[name].title} ({without})", estimate(values)))
    if not found:
        return _missing(evidence, _SPLIT, methods_=_RMN)
    ours = _texts(found, unit=" %")
    if all(each.mean >= _NAMED for _, each in found):
        return Verdict(Word.REPRODUCED, f"the task is named for {_NAMED} % or more", ours)
    if any(each.high < _NAMED for _, each in found):
        why = "the rule often picks another task's mask"
        return Verdict(Word.CONTRADICTED, why, ours, "without identity")
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, "without identity")


def judge_disjoint_masks(evidence: Evidence) -> Verdict:
    """Intersection over union of the masks of two tasks, mean over pairs."""
    found = _of_rmn(evidence, "mask_overlap")
    if not found:
        return _missing(evidence, _SPLIT, scenario=TASK_IL, methods_=_RMN)
    ours = _texts(found, unit=" % of the union")
    if all(each.mean <= _SHARED for _, each in found):
        return Verdict(Word.REPRODUCED, f"at most {_SHARED:g} % in common", ours, TASK_IL)
    if any(each.low > _SHARED for _, each in found):
        return Verdict(Word.CONTRADICTED, "different tasks share weights", ours, TASK_IL)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, TASK_IL)


def judge_related_overlap(_: Evidence) -> Verdict:
    """No stream has the same task twice."""
    return Verdict(Word.NOT_TESTABLE, "no benchmark here repeats a permutation")


def judge_beta(evidence: Evidence) -> Verdict:
    """The largest difference between two betas of 80 and more that stay as they are."""
    values = {
        _assigned(variant)["beta"]: evidence.values(_SPLIT, TASK_IL, _RMN, "acc", variant)
        for variant in evidence.variants(_SPLIT, TASK_IL, _RMN)
        if _is_fixed_beta(variant)
    }
    found = [
        (f"{one} against {other}", gained(values[one], values[other]))
        for one in values
        for other in values
        if float(one) > float(other)
    ]
    found = [(what, each) for what, each in found if each.seeds]
    if not found:
        both = [
            command(
                evidence,
                _SPLIT,
                scenario=TASK_IL,
                methods=_RMN,
                settings=(f"rmn.beta={beta}", "rmn.beta_end=none"),
            )
            for beta in (80, 500)
        ]
        return Verdict(Word.NOT_MEASURED, "; ".join(both))
    what, largest = max(found, key=lambda pair: abs(pair[1].mean))
    ours = f"{largest.text(sign=True)} of {what}"
    if abs(largest.mean) <= SAME:
        return Verdict(Word.REPRODUCED, f"at most {SAME:g} points", ours, TASK_IL)
    if largest.low > SAME or largest.high < -SAME:
        return Verdict(Word.CONTRADICTED, f"more than {SAME:g} points", ours, TASK_IL)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude it", ours, TASK_IL)


def judge_learned_beta(evidence: Evidence) -> Verdict:
    """Beta when the mask is rounded, against its first value."""
    for variant in evidence.variants(_SPLIT, TASK_IL, _RMN):
        assigned = _assigned(variant)
        if assigned.get("learn_beta") != "True":
            continue
        first = float(assigned.get("beta", str(getattr(methods()[_RMN], "beta", 1.0))))
        last = estimate(evidence.values(_SPLIT, TASK_IL, _RMN, "beta", variant), scale=1)
        if not last.seeds:
            continue
        ours = f"{last.text(digits=1)}, from {first:g}"
        difference = f"{last.mean - first:+.1f}"
        if last.low > first:
            return Verdict(Word.REPRODUCED, "it rises", ours, TASK_IL, difference)
        if last.high <= first:
            return Verdict(Word.CONTRADICTED, "it does not rise", ours, TASK_IL, difference)
        return Verdict(Word.NOT_REPRODUCED, "too few seeds to say", ours, TASK_IL, difference)
    return _missing(
        evidence, _SPLIT, scenario=TASK_IL, methods_=_RMN, settings=("rmn.learn_beta=true",)
    )


def judge_without_penalty(evidence: Evidence) -> Verdict:
    """Accuracy without the L0 penalty minus that with it, by seed."""
    found: Found = []
    for name in LABELLED:
        values = evidence.values(name, TASK_IL, _RMN, "acc", "l0_weight=0.0")
        each = gained(values, evidence.values(name, TASK_IL, _RMN, "acc"))
        if each.seeds:
            found.append((BENCHMARKS[name].title, each))
    if not found:
        return _missing(
            evidence, _SPLIT, scenario=TASK_IL, methods_=_RMN, settings=("rmn.l0_weight=0",)
        )
    return _no_loss(found, SAME, TASK_IL)


def judge_against_networks(evidence: Evidence) -> Verdict:
    """Accuracy of RMN minus that of a network for each task, by seed."""
    found: Found = []
    for name in LABELLED:
        own = evidence.values(name, TASK_IL, _RMN, "acc")
        each = gained(own, evidence.values(name, TASK_IL, "single", "acc"))
        if each.seeds:
            found.append((BENCHMARKS[name].title, each))
    if not found:
        return _missing(evidence, _SPLIT, scenario=TASK_IL, methods_="rmn,single")
    return _no_loss(found, SAME, TASK_IL)


def judge_usage(evidence: Evidence) -> Verdict:
    """Share of the weights that any mask keeps after the last task."""
    found = _of_rmn(evidence, "weights_used")
    if not found:
        return _missing(evidence, _SPLIT, scenario=TASK_IL, methods_=_RMN)
    ours = _texts(found, unit=" %")
    full = [what for what, each in found if each.high >= _FULL]
    if full:
        why = f"{_FULL} % or more are used on {' and '.join(full)}"
        return Verdict(Word.CONTRADICTED, why, ours, TASK_IL)
    return Verdict(Word.REPRODUCED, "some are left after the last task", ours, TASK_IL)


def judge_memory(evidence: Evidence) -> Verdict:
    """Bytes that RMN's predictions need beyond one network, after the last task."""
    values = evidence.values(_SPLIT, TASK_IL, _RMN, "inference_bytes")
    if values.empty:
        return _missing(evidence, _SPLIT, scenario=TASK_IL, methods_=_RMN)
    tasks = BENCHMARKS[_SPLIT].tasks
    kilobytes = float(values.mean()) / 1000
    ours = f"{kilobytes:.1f} kB, {kilobytes / tasks:.1f} kB for each of {tasks} tasks"
    difference = f"{kilobytes - _KILOBYTES:+.1f} kB"
    if kilobytes <= _KILOBYTES:
        return Verdict(Word.REPRODUCED, "no more is needed", ours, TASK_IL, difference)
    why = "a mask of 99,400 weights takes 12.4 kB at a bit a weight: 12 kB are those of one task"
    return Verdict(Word.CONTRADICTED, why, ours, TASK_IL, difference)


def judge_replay(evidence: Evidence) -> Verdict:
    """AUROC of old against new of replay minus that of the same learner without it, by seed."""
    name = "split_mnist_unsupervised"
    [scenario] = scenarios_of(BENCHMARKS[name])
    replay, naive = (
        evidence.values(name, scenario, method, "old_new_auroc") for method in ("replay", "naive")
    )
    ours = gained(replay, naive)
    if not ours.seeds:
        return _missing(evidence, name, methods_="rmn_unsupervised,replay,naive")
    text = f"AUROC {ours.text(sign=True)} against Naive"
    if ours.high < 0:
        return Verdict(Word.REPRODUCED, "replay tells old from new worse", text, scenario)
    if ours.low > 0:
        return Verdict(Word.CONTRADICTED, "replay tells old from new better", text, scenario)
    return Verdict(Word.NOT_REPRODUCED, "no difference is shown", text, scenario)


def judge_without_labels(evidence: Evidence) -> Verdict:
    """Accuracy that RMN loses without labels against itself with them (`degradation`)."""
    found: Found = []
    for name in ("split_mnist_unsupervised", "permuted_mnist_unsupervised"):
        [scenario] = scenarios_of(BENCHMARKS[name])
        values = evidence.values(name, scenario, "rmn_unsupervised", "degradation")
        if len(values):
            found.append((f"{BENCHMARKS[name].title} ({scenario})", estimate(-values)))
    if not found:
        both = [
            command(evidence, _SPLIT, methods=_RMN) + " --profile constant",
            command(evidence, "split_mnist_unsupervised", methods="rmn_unsupervised"),
        ]
        return Verdict(Word.NOT_MEASURED, "; ".join(both))
    return _no_loss(found, CLOSE, "without identity")


def judge_hat_without_identity(evidence: Evidence) -> Verdict:
    """Share of test examples whose task HAT names by the rule that RMN has, against chance."""
    found: Found = []
    chances = []
    for name in LABELLED:
        without = scenarios_of(BENCHMARKS[name])[-1]
        values = evidence.values(name, without, "hat", "task_inference")
        if len(values):
            found.append((f"{BENCHMARKS[name].title} ({without})", estimate(values)))
            chances.append(100 / BENCHMARKS[name].tasks)
    if not found:
        return _missing(evidence, _SPLIT, scenario="class-il", methods_="hat")
    ours = _texts(found, unit=" % of tasks named")
    better = [each.low > 2 * chance for (_, each), chance in zip(found, chances, strict=True)]
    if any(better):
        why = "by the same max rule it names tasks more than twice as often as by chance"
        return Verdict(Word.CONTRADICTED, why, ours, "without identity")
    return Verdict(Word.REPRODUCED, "hardly better than by chance", ours, "without identity")


def judge_hat_on_resnet(evidence: Evidence) -> Verdict:
    """Accuracy of HAT on ResNet-18 against fine-tuning, by seed."""
    name = "split_cifar100_20"
    hat, naive = (evidence.values(name, TASK_IL, method, "acc") for method in ("hat", "naive"))
    ours, gain = estimate(hat), gained(hat, naive)
    if not gain.seeds:
        return _missing(evidence, name, scenario=TASK_IL, methods_="hat,naive")
    text = f"{ours.text()}, {gain.text(sign=True)} against Naive"
    difference = f"{ours.mean - 23.6:+.2f}"
    if gain.low > 0:
        return Verdict(Word.CONTRADICTED, "it works", text, TASK_IL, difference)
    return Verdict(Word.REPRODUCED, "it is no better than Naive", text, TASK_IL, difference)


def _of_rmn(evidence: Evidence, metric: str) -> Found:
    """A metric of RMN with the identity on each benchmark, in percent."""
    values = {name: evidence.values(name, TASK_IL, _RMN, metric) for name in LABELLED}
    return [(BENCHMARKS[name].title, estimate(v)) for name, v in values.items() if len(v)]


def _no_loss(found: Found, tolerance: float, scenario: str) -> Verdict:
    """Reproduced if no loss is larger than a tolerance, contradicted if one surely is.

    Args:
        found: what is gained, in points.
        tolerance: in points.
        scenario: as printed.
    """
    ours = _texts(found, sign=True)
    lost = [what for what, each in found if each.high < -tolerance]
    if lost:
        why = f"more than {tolerance:g} points are lost on {' and '.join(lost)}"
        return Verdict(Word.CONTRADICTED, why, ours, scenario)
    if all(each.mean >= -tolerance for _, each in found):
        return Verdict(Word.REPRODUCED, f"at most {tolerance:g} points are lost", ours, scenario)
    return Verdict(Word.NOT_REPRODUCED, "too few seeds to exclude a loss", ours, scenario)


def _texts(found: Iterable[tuple[str, Estimate]], *, sign: bool = False, unit: str = "") -> str:
    return "; ".join(f"{each.text(sign=sign)}{unit} on {what}" for what, each in found)


def _missing(
    evidence: Evidence,
    benchmark: str,
    *,
    methods_: str,
    scenario: str = "",
    settings: tuple[str, ...] = (),
) -> Verdict:
    more = command(evidence, benchmark, scenario=scenario, methods=methods_, settings=settings)
    return Verdict(Word.NOT_MEASURED, more, scenario=scenario)


def _assigned(variant: str) -> dict[str, str]:
    """The settings of a variant as printed, by name."""
    return dict(one.split("=", 1) for one in variant.split(", ") if "=" in one)


def _is_fixed_beta(variant: str) -> bool:
    """Whether a variant differs in a beta alone, of 80 or more, that stays as it is."""
    assigned = _assigned(variant)
    if set(assigned) != {"beta", "beta_end"}:
        return False
    fixed = assigned["beta_end"] in ("None", assigned["beta"])
    return fixed and float(assigned["beta"]) >= _BETAS
