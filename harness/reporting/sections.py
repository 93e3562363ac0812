"""The parts of a benchmark's report: what the template is given, as texts; a section a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any, Final

from harness.analysis.leaderboard import Leaderboard, cells_of, columns_of, of_entry
from harness.analysis.loose_masks import loose_masks
from harness.analysis.metrics.definition import Section, metrics
from harness.analysis.published import QUOTED
from harness.analysis.statistics import BEST_NOTE
from harness.config.benchmark_registry import benchmarks
from harness.config.scenarios import TASK_IL
from harness.reporting import protocol
from harness.storage import provenance
from harness.storage.record import Record
from harness.storage.schema import CLASSES_SEEN, RULES
from harness.storage.store import Results

_PARTS: Final[tuple[tuple[tuple[Section, ...], str], ...]] = (
    (
        (Section.ACCURACY, Section.INFERENCE),
        "Accuracy and task inference (%).",
    ),
    (
        (Section.TRANSFER,),
        "Forgetting, transfer, and accuracy when learned (%).",
    ),
    (
        (Section.SWITCHES,),
        "Task switches noticed: precision, recall and F1 (%), delay of right claims, false alarms, "
        "masks begun for each task. Only methods that look for tasks by themselves are here.",
    ),
    (
        (Section.NOVELTY, Section.DEGRADATION),
        "Old told from new by the network's confidence (the default rule; max-logit for methods "
        "without masks): a useless score has AUROC 50 and FPR 95. Degradation: accuracy lost "
        "against the same method with task labels, the same budget and settings, in %; RMN without "
        "labels against RMN.",
    ),
    (
        (Section.TOGETHER,),
        "Task inference when several test examples are known to be of one task (%). Above, each "
        "example of the shuffled test data stands alone.",
    ),
    (
        (Section.MASKS, Section.COSTS),
        "Masks (%), extra memory (bytes; examples), time (s; on the machines of the provenance).",
    ),
)


_OF_VARIANTS: Final = 2
"""So many of these parts are shown for another normalisation or other outputs."""


def content(results: Results, boards: Sequence[Leaderboard]) -> dict[str, Any]:
    """What `templates/report.typ` is given, but for the figures.

    Args:
        results: with at least one finished run.
        boards: of their comparisons, in the order of the report.
    """
    benchmark = benchmarks()[boards[0].benchmark]
    finished = [record for record in results.records if record.status == "finished"]
    methods = {entry.baseline for board in boards for entry in board.entries}
    return {
        "title": benchmark.title,
        "compared": f"{len(methods)} methods",
        "profile": boards[0].profile,
        "summary": benchmark.summary,
        "budget": _budget(finished),
        "sections": [_section(board) for board in boards],
        "methods": _methods(boards, finished),
        "formulas": _formulas(boards),
        "best": BEST_NOTE,
        "provenance": provenance.summary([record.provenance for record in finished]),
        "loose": [sentence for board in boards for sentence in loose_masks(board)],
        "problems": _problems(results),
    }


def _section(board: Leaderboard) -> dict[str, Any]:
    parts = _PARTS[:_OF_VARIANTS] if board.factors else _PARTS
    return {
        "name": board.scenario,
        "title": protocol.heading(board),
        "rules": protocol.rules(board),
        "main": not board.factors,
        "leaderboard": [part for part in (_part(board, *one) for one in parts) if part["rows"]],
        "quoted": [] if board.factors else _quoted(board),
        "inference": {"rows": []} if board.factors else _rules(board),
    }


def _budget(finished: Sequence[Record]) -> str:
    """The budget of the profile; settings named in a method's title may change it."""
    record = min(finished, key=lambda one: (_changes_budget(one), str(one.run)))
    training = record.run.training
    decay = ""
    if training["decay"]:
        decay = ", lowered to zero along half a cosine within each task"
    elif training.get("patience"):
        decay = (
            f", divided by three after {training['patience']} epochs without a lower loss on a "
            "held-out tenth of the training data"
        )
    first = training.get("first_epochs")
    longer = f" ({first} in the first)" if first else ""
    limits = [
        f"at most {number:,} {kind} examples a task"
        for name, kind in (("train_examples", "training"), ("test_examples", "test"))
        if (number := training.get(name)) is not None
    ]
    taken = f" Of the data, it has {' and '.join(limits)}." if limits else ""
    optimizer = "SGD" if training.get("optimizer") == "sgd" else "Adam"
    if not training.get("reset_optimizer", True):
        optimizer += ", whose moments go on from task to task,"
    return (
        f"Every method trains for {training['epochs']} epochs a task"
        f"{longer} in batches of {training['batch_size']}, "
        "with the same network, first weights and order of data (replay mixes stored examples "
        f"in), by {optimizer} at {training['learning_rate']:g}{decay}, unless its settings below "
        f"name another learning rate; products are in {training.get('precision', 'float32')}, "
        f"weights in float32.{taken}"
    )


def _changes_budget(record: Record) -> bool:
    return any(name.startswith("training.") for name in record.run.overrides)


def _part(board: Leaderboard, sections: Sequence[Section], caption: str) -> dict[str, Any]:
    """A table of some sections; methods and columns without any number are left out."""
    columns = board.columns(*sections)
    cells = cells_of(board.shown, columns)
    accuracy = board.column("acc") in columns
    inferred = accuracy and board.scenario != TASK_IL
    rows = []
    for entry in board.entries:
        mine = cells[(entry.baseline, entry.setting)]
        if all(isnan(cell.mean) for cell in mine.values()):
            continue
        row = [{"text": entry.title, "best": False}, {"text": str(entry.seeds), "best": False}]
        row += [{"text": column.text(cell), "best": cell.best} for column, cell in mine.items()]
        rows.append([*row, {"text": entry.rule, "best": False}] if inferred else row)
    for title, seeds in board.diverged.items() if accuracy else ():
        texts = [title, str(seeds), "diverged"]
        blank = [""] * (len(columns) - 1 + inferred)
        rows.append([{"text": text, "best": False} for text in (*texts, *blank)])
    head = ["Method", "Seeds", *(column.title for column in columns)]
    return {
        "caption": f"{board.scenario}. {caption} {protocol.intervals(board)}",
        "head": [*head, "Task inferred by"] if inferred else head,
        "rows": rows,
    }


def _quoted(board: Leaderboard) -> list[list[str]]:
    """Methods that were measured or are quoted under the scenario, where any is quoted."""
    quotes = [
        quoted
        for quoted in QUOTED
        if quoted.benchmark == board.benchmark and board.scenario in quoted.scenarios
    ]
    said = {quoted.method: quoted for quoted in quotes}
    rows = []
    for entry in board.entries:
        quoted = said.get(entry.baseline)
        last = [quoted.value, quoted.source, quoted.comparable] if quoted else ["–", "", ""]
        rows.append([entry.title, entry.text(board.column("acc")), *last])
    measured = {entry.baseline for entry in board.entries}
    for quoted in quotes:
        if quoted.method not in measured:
            name = quoted.method.upper()
            rows.append([name, "–", quoted.value, quoted.source, quoted.comparable])
    return rows if quotes else []


def _rules(board: Leaderboard) -> dict[str, Any]:
    """One row for each method and rule; only for methods that have several rules."""
    found = board.derived[board.derived["rule"] != CLASSES_SEEN]
    measured = set(found["metric"])
    costs = columns_of(board.scenario, Section.ROUTERS)
    accuracies = map(board.column, ("acc", "task_inference"))
    columns = [column for column in (*accuracies, *costs) if column.metric in measured]
    rows = []
    for entry in board.entries:
        mine = of_entry(found, entry)
        rules = list(filter(None, dict.fromkeys(mine.loc[mine["metric"] == "acc", "rule"])))
        title = entry.title
        for rule in rules if len(rules) > 1 else ():
            [cells] = cells_of(mine[mine["rule"] == rule], columns).values()
            texts = [column.text(cell) for column, cell in cells.items()]
            keeps = RULES.get(rule) or "the router's own answers, without the network"
            rows.append([title, rule, *texts, keeps])
            title = ""  # once for all its rules
    return {
        "head": ["Method", "Rule", *(column.title for column in columns), "Keeps"],
        "rows": rows,
    }


def _methods(boards: Sequence[Leaderboard], finished: Sequence[Record]) -> list[list[str]]:
    """What each method is; entries that differ in scenario and budget alone share a row."""
    named: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for board in boards:
        for entry in board.entries:
            key = (board.scenario, entry.baseline, entry.setting)
            record = next(r for r in finished if _key(r) == key)
            settings = ", ".join(f"{name} = {value}" for name, value in record.run.settings.items())
            method = record.method
            requirements = "; ".join(method.requirements) or "none"
            row = (method.reference, settings or "–", method.supervision or "–", requirements)
            named.setdefault((entry.baseline, *row), []).append((entry.title, board.scenario))
    return [
        [
            "; ".join(dict.fromkeys(title for title, _ in entries)),
            ", ".join(dict.fromkeys(scenario for _, scenario in entries)),
            *row,
        ]
        for (_, *row), entries in named.items()
    ]


def _key(record: Record) -> tuple[str, str, str]:
    return record.run.scenario, record.run.baseline, record.run.setting


def _formulas(boards: Sequence[Leaderboard]) -> list[list[str]]:
    """Of the metrics that were measured and stand in a table."""
    measured = {one for board in boards for one in board.derived.dropna(subset="value")["metric"]}
    shown = [m for m in metrics().values() if m.id in measured and m.section is not None]
    return [[metric.title, metric.formula, metric.source] for metric in shown]


def _problems(results: Results) -> list[str]:
    failed: Iterable[str] = (
        f"{record.run}: {record.status}, {_last_line(record.error)}"
        for record in results.records
        if record.status != "finished"
    )
    damaged = (
        f"{'/'.join(path.parts[-2:])}: damaged, {reason}"
        for path, reason in results.damaged.items()
    )
    return [*failed, *damaged]


def _last_line(text: str) -> str:
    return (text.strip() or "no reason was stored").splitlines()[-1]
