"""What the paper says RMN is better by than others."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from baselines.interface import Requirement, Role
from baselines.registry import methods
from harness.analysis.claims.evidence import LABELLED, Evidence, command
from harness.analysis.claims.verdict import Claim, Estimate, Verdict, Word, gained
from harness.analysis.published import QUOTED, short
from harness.analysis.statistics import LEAST_SEEDS
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import TASK_IL, scenarios_of

_RIVALS = frozenset({Role.BASELINE, Role.REPLAY, Role.REFERENCE, Role.RELATED})
"""Neither bounds, nor RMN itself, nor a method with a task router."""

_REPLAY = frozenset({Requirement.REPLAY, Requirement.GENERATIVE_REPLAY})

_MARGINS = (
    ("permuted_mnist", 2.8, "FROMP has 94.9"),
    ("split_mnist", 0.5, "HAT and FROMP have 99"),
    ("split_omniglot", 3.9, "over FRCL's 81.47; the same table has 82.8 for AGS-CL and SNOW"),
    ("split_cifar100", 8.7, "MAS has 61.5, which leaves 8.5; AGS-CL 64.1, which leaves 5.9"),
    ("split_cifar100_20", 13.9, "over MEGA-II; the table has 70.1 for RWalk, which leaves 9.9"),
)  # fmt: skip


def margins() -> list[Claim]:
    """The margins over the state of the art, and over methods of a kind."""
    over = [
        Claim(
            f"RMN is better than every other method of the table on {BENCHMARKS[name].title}",
            "Section 5.1",
            f"+{margin:g} ({remark})",
            partial(_over_the_best, benchmark=name, margin=margin),
        )
        for name, margin, remark in _MARGINS
    ]
    return [
        *over,
        Claim(
            "RMN is substantially better than the methods that are like it (HAT, MAS)",
            "Section 5.1",
            "on every benchmark",
            partial(_over_each, rivals=("hat", "mas")),
        ),
        Claim(
            "RMN is better than methods that replay",
            "Abstract, Section 5.1",
            "on every benchmark",
            partial(_over_each, rivals=_that_replay()),
        ),
    ]


def judge_margin(ours: Estimate, paper: float) -> tuple[Word, str]:
    """The verdict on a margin, in points, and what decided it.

    Args:
        ours: RMN minus the best other method of the paper's table, paired by seed.
        paper: the margin that the paper prints.
    """
    if ours.high >= paper and ours.low > 0:
        return Word.REPRODUCED, "our interval reaches it"
    if ours.high >= paper:
        return Word.NOT_REPRODUCED, "our interval reaches it, and zero too"
    if ours.low > 0:
        return Word.NOT_REPRODUCED, "RMN is better, by less"
    if ours.high < 0:
        return Word.CONTRADICTED, "RMN is worse"
    return Word.CONTRADICTED, "RMN is not shown to be better, and the interval excludes the margin"


def _over_the_best(evidence: Evidence, benchmark: str, margin: float) -> Verdict:
    values = {
        name: evidence.values(benchmark, TASK_IL, name, "acc")
        for name in evidence.measured(benchmark, TASK_IL)
        if name in methods() and methods()[name].role in _RIVALS
    }
    own = evidence.values(benchmark, TASK_IL, "rmn", "acc")
    printed = _of_the_paper(benchmark)
    if own.empty or not printed & values.keys():
        return Verdict(Word.NOT_MEASURED, command(evidence, benchmark, scenario=TASK_IL))
    ranked = sorted(values, key=lambda name: values[name].mean(), reverse=True)
    best = next(name for name in ranked if name in printed)
    ours = gained(own, values[best])
    if ours.seeds < LEAST_SEEDS:
        more = command(evidence, benchmark, scenario=TASK_IL)
        return Verdict(Word.NOT_MEASURED, f"of fewer than {LEAST_SEEDS} seeds; {more}")
    word, why = judge_margin(ours, margin)
    text = f"{ours.text(sign=True)} over {methods()[best].title}"
    if ranked[0] != best:
        beyond = gained(own, values[ranked[0]]).text(sign=True)
        text = f"{text} ({beyond} over {methods()[ranked[0]].title}, which the table does not have)"
    if word is Word.REPRODUCED and (others := printed - values.keys()):
        more = command(evidence, benchmark, scenario=TASK_IL, methods=",".join(sorted(others)))
        return Verdict(Word.NOT_MEASURED, f"of those measured, {text}; {more}")
    return Verdict(word, why, text, TASK_IL, f"{ours.mean - margin:+.2f}")


def _of_the_paper(benchmark: str) -> set[str]:
    """The rivals that the paper's table has on a benchmark, of those that can be run on it here.

    A printed margin is one over them. It is not reproduced as long as one of them is not measured.
    """
    network = BENCHMARKS[benchmark].network
    known = methods()
    return {
        quoted.method
        for quoted in QUOTED
        if quoted.benchmark == benchmark
        and quoted.method in known
        and known[quoted.method].role in _RIVALS
        and network not in known[quoted.method].unsuited_networks
    }


def _that_replay() -> tuple[str, ...]:
    """Every rival that replays examples, be they stored or generated."""
    return tuple(
        name
        for name, method in methods().items()
        if method.role in _RIVALS and method.requirements & _REPLAY
    )


def _over_each(evidence: Evidence, rivals: Collection[str]) -> Verdict:
    """Reproduced if RMN is better than each wherever both were measured, in every scenario.

    Contradicted if it is worse than one of them; an interval that has zero in it shows neither.
    """
    found: list[tuple[str, Estimate]] = []
    for benchmark in LABELLED:
        for scenario in scenarios_of(BENCHMARKS[benchmark]):
            own = evidence.values(benchmark, scenario, "rmn", "acc")
            for name in rivals:
                each = gained(own, evidence.values(benchmark, scenario, name, "acc"))
                if each.seeds >= LEAST_SEEDS:
                    place = f"{methods()[name].title} on {short(benchmark)} ({scenario})"
                    found.append((place, each))
    if not found:
        names = ",".join(["rmn", *rivals])
        more = command(evidence, "split_mnist", scenario=TASK_IL, methods=names)
        return Verdict(Word.NOT_MEASURED, more)
    ours = "; ".join(f"{each.text(sign=True)} over {place}" for place, each in found)
    places = f"wherever both were measured with at least {LEAST_SEEDS} seeds"
    if worse := [place for place, each in found if each.high < 0]:
        return Verdict(Word.CONTRADICTED, f"RMN is worse than {' and '.join(worse)}", ours)
    if open_ := [place for place, each in found if each.low <= 0]:
        why = f"RMN is not shown to be better than {' or '.join(open_)}"
        return Verdict(Word.NOT_REPRODUCED, why, ours)
    return Verdict(Word.REPRODUCED, f"RMN is better {places}", ours)
