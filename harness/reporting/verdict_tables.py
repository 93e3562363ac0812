"""The verdicts on the paper's claims, as tables of texts and as sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from harness.analysis.claims.cells import QuotedCell, cells
from harness.analysis.claims.evidence import Evidence, command
from harness.analysis.claims.margins import margins
from harness.analysis.claims.statements import statements
from harness.analysis.claims.verdict import CLOSE, Claim, Verdict, Word
from harness.analysis.published import PAPER, short
from harness.reporting.answer import SUBJECTS
from harness.reporting.model import Table, Text
from harness.reporting.naming import listed

_JUDGED: Final = (Word.REPRODUCED, Word.NOT_REPRODUCED, Word.CONTRADICTED)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All claims of the paper, judged.

    Attributes:
        numbers: of Tables 1 to 3.
        margins: over other methods.
        statements: in words.
    """

    numbers: Sequence[tuple[QuotedCell, Verdict]]
    margins: Sequence[tuple[Claim, Verdict]]
    statements: Sequence[tuple[Claim, Verdict]]


def judged(evidence: Evidence) -> Verdicts:
    """Every claim with its verdict.

    Args:
        evidence: what is stored.
    """
    return Verdicts(
        [(cell, cell.claim.judge(evidence)) for cell in cells()],
        [(claim, claim.judge(evidence)) for claim in margins()],
        [(claim, claim.judge(evidence)) for claim in statements()],
    )


def tally(verdicts: Verdicts) -> Table:
    """How many claims of each kind came out how.

    Args:
        verdicts: on all claims.
    """
    kinds = (
        ("Numbers of Tables 1 to 3", [verdict for _, verdict in verdicts.numbers]),
        ("Margins over other methods", [verdict for _, verdict in verdicts.margins]),
        ("Claims in words", [verdict for _, verdict in verdicts.statements]),
    )
    rows = []
    for title, mine in kinds:
        counts = Counter(verdict.word for verdict in mine)
        rows.append([Text(title), *(Text(str(counts[word])) for word in Word)])
    summary = "Claims of the paper by how they came out; a number that is claimed in two scenarios "
    return Table("", ["Claims", *Word], rows, summary=f"{summary}is two.")


def findings(verdicts: Verdicts) -> list[str]:
    """Sentences on the paper's own method, made from the numbers.

    Args:
        verdicts: on all claims.
    """
    sentences = []
    own = [pair for pair in verdicts.numbers if pair[0].method in SUBJECTS]
    for word in _JUDGED:
        said = [
            f"{short(cell.benchmark)} in {cell.scenario} ({verdict.ours}, paper {cell.claim.paper})"
            for cell, verdict in own
            if verdict.word is word
        ]
        if said:
            sentences.append(f"RMN's own numbers {word}: {listed(said)}.")
    others = [*verdicts.margins, *verdicts.statements]
    for word in (Word.REPRODUCED, Word.CONTRADICTED):
        said = [f"“{claim.statement}”" for claim, verdict in others if verdict.word is word]
        if said:
            sentences.append(f"Claims {word}: {listed(said)}.")
    return sentences


def numbers_table(verdicts: Verdicts) -> Table:
    """A row for each number that was measured; what was not, a row a benchmark or a method.

    Args:
        verdicts: on all claims.
    """
    head = ["Benchmark", "Method", "Scenario", "Paper", "Ours", "Difference", "Verdict", "Why"]
    rows = []
    for cell, verdict in verdicts.numbers:
        if verdict.word in _JUDGED:
            texts = (
                short(cell.benchmark), cell.title, cell.scenario, cell.claim.paper,
                verdict.ours, verdict.difference, verdict.word, verdict.why,
            )  # fmt: skip
            rows.append([Text(text, bold=text is verdict.word) for text in texts])
    summary = (
        f"Every number of Tables 1 to 3 that was measured. Reproduced: within {CLOSE:g} points, or "
        "covered by our 95 % interval if that is no wider than 5 points to either side, or, for "
        "RMN, higher. Contradicted: another method that does better than printed, and not with "
        "more stored examples."
    )
    return Table("Verdicts", head, rows, frozenset({0, 1, 2, 6, 7}), summary=summary)


def untestable(verdicts: Verdicts) -> str:
    """A sentence that names the methods with numbers that cannot be measured here, and says why.

    Args:
        verdicts: on all claims.
    """
    counts = Counter(
        (cell.title, verdict.why)
        for cell, verdict in verdicts.numbers
        if verdict.word is Word.NOT_TESTABLE
    )
    each = [
        f"{title} ({number} number{'s' if number > 1 else ''}: {why})"
        for (title, why), number in counts.items()
    ]
    return f"Not testable here: {listed(each)}."


def claims_table(title: str, pairs: Iterable[tuple[Claim, Verdict]]) -> Table:
    """A row for each claim that has a verdict; `unmeasured` has the others.

    Args:
        title: what kind of claims they are.
        pairs: claims with their verdicts.
    """
    head = ["Claim", "Place", "Paper", "Ours", "Difference", "Verdict", "Why"]
    rows = []
    for claim, verdict in pairs:
        if verdict.word is Word.NOT_MEASURED:
            continue
        ours = ", ".join(filter(None, (verdict.ours, verdict.scenario if verdict.ours else "")))
        texts = (claim.statement, claim.place, claim.paper, ours, verdict.difference)
        rows.append([*map(Text, texts), Text(verdict.word, bold=True), Text(verdict.why)])
    summary = (
        f"{title}. Claims in our words, with their place in {PAPER}; ours with its 95 % interval "
        "and scenario (accuracies and shares in %, differences in points)."
    )
    return Table("Verdicts", head, rows, frozenset(range(len(head))), summary=summary)


def unmeasured(verdicts: Verdicts, evidence: Evidence) -> Table:
    """What has no verdict since it was not measured, with the command that measures it.

    Args:
        verdicts: on all claims.
        evidence: whose profile it is.
    """
    rows = [*_numbers_unmeasured(verdicts, evidence)]
    for claim, verdict in (*verdicts.margins, *verdicts.statements):
        if verdict.word is Word.NOT_MEASURED:
            rows.append((claim.statement, claim.place, claim.paper, verdict.why))
    texts = [[Text(text) for text in row] for row in rows]
    head = ["Claim", "Place", "Paper", "Command"]
    summary = "Not measured: claims without a verdict, and the command that measures each."
    return Table("Not measured", head, texts, frozenset(range(len(head))), summary=summary)


def _numbers_unmeasured(
    verdicts: Verdicts, evidence: Evidence
) -> Iterator[tuple[str, str, str, str]]:
    """A row for each benchmark and scenario."""
    missing: dict[tuple[str, str], list[QuotedCell]] = {}
    for cell, verdict in verdicts.numbers:
        if verdict.word is Word.NOT_MEASURED:
            missing.setdefault((cell.benchmark, cell.scenario), []).append(cell)
    for (name, scenario), mine in missing.items():
        yield (
            f"{short(name)}, {scenario}: {listed(cell.title for cell in mine)}",
            mine[0].claim.place,
            "; ".join(cell.claim.paper for cell in mine),
            command(
                evidence, name, scenario=scenario, methods=",".join(cell.method for cell in mine)
            ),
        )
