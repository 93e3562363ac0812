"""The parts of a benchmark's report: what the template is given, as texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan
from typing import Any, Final

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_AWARE,
    INFERENCE,
    Leaderboard,
    cells_of,
    columns_of,
    of_entry,
)
from harness.analysis.loose_masks import loose_masks
from harness.analysis.metrics.definition import Section, metrics
from harness.analysis.published import QUOTED
from harness.config.benchmarks import BENCHMARKS
from harness.storage import provenance
from harness.storage.record import Record
from harness.storage.schema import CLASSES_SEEN, RULES
from harness.storage.store import Results

_PARTS: Final[tuple[tuple[tuple[Section, ...], str], ...]] = (
    (
        (Section.ACCURACY, Section.INFERENCE),
        "Accuracy and task inference (%), mean ± 95 % interval over seeds.",
    ),
    (
        (Section.TRANSFER,),
        "Forgetting, backward and forward transfer, learning accuracy and average incremental "
        "accuracy, task-aware (%).",
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


def sections(results: Results, board: Leaderboard) -> dict[str, Any]:
    """What `templates/report.typ` is given, but for the figures.

    Args:
        results: with at least one finished run.
        board: made of them.
    """
    benchmark = BENCHMARKS[board.benchmark]
    finished = [record for record in results.records if record.status == "finished"]
    parts = [_part(board, *part) for part in _PARTS]
    return {
        "title": benchmark.title,
        "compared": f"{len({entry.baseline for entry in board.entries})} methods",
        "profile": board.profile,
        "summary": benchmark.description,
        "budget": _budget(finished),
        "leaderboard": [part for part in parts if part["rows"]],
        "quoted": _quoted(board),
        "rules": _rules(board),
        "methods": _methods(board, finished),
        "formulas": _formulas(board),
        "provenance": provenance.summary([record.provenance for record in finished]),
        "loose": loose_masks(board),
        "problems": _problems(results),
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
    return (
        f"Every method trains for {training['epochs']} epochs a task"
        f"{longer} in batches of {training['batch_size']}, "
        "with the same network, first weights and order of data (replay mixes stored examples "
        f"in), by Adam at {training['learning_rate']:g}{decay}, unless its settings below name "
        f"another learning rate; products are in {training.get('precision', 'float32')}, weights "
        f"in float32.{taken}"
    )


def _changes_budget(record: Record) -> bool:
    return any(name.startswith("training.") for name in record.run.overrides)


def _part(board: Leaderboard, sections: Sequence[Section], caption: str) -> dict[str, Any]:
    """A table of some sections; methods and columns without any number are left out."""
    measured = set(zip(board.shown["metric"], board.shown["regime"], strict=True))
    columns = [
        column for column in columns_of(*sections) if (column.metric, column.regime) in measured
    ]
    cells = cells_of(board.shown, columns)
    inferred = ACC_AGNOSTIC in columns
    rows = []
    for entry in board.entries:
        mine = cells[(entry.baseline, entry.setting)]
        if all(isnan(cell.mean) for cell in mine.values()):
            continue
        row = [{"text": entry.title, "best": False}, {"text": str(entry.seeds), "best": False}]
        row += [{"text": column.text(cell), "best": cell.best} for column, cell in mine.items()]
        rows.append([*row, {"text": entry.rule, "best": False}] if inferred else row)
    for title, seeds in board.diverged.items() if ACC_AWARE in columns else ():
        texts = [title, str(seeds), "diverged"]
        blank = [""] * (len(columns) - 1 + inferred)
        rows.append([{"text": text, "best": False} for text in (*texts, *blank)])
    head = ["Method", "Seeds", *(column.title for column in columns)]
    return {
        "caption": caption,
        "head": [*head, "Task inferred by"] if inferred else head,
        "rows": rows,
    }


def _quoted(board: Leaderboard) -> list[list[str]]:
    rows = []
    for entry in board.entries:
        quoted = entry.quoted
        last = [quoted.value, quoted.source, quoted.comparable] if quoted else ["–", "", ""]
        rows.append([entry.title, entry.text(ACC_AWARE), entry.text(ACC_AGNOSTIC), *last])
    measured = {entry.baseline for entry in board.entries}
    for quoted in QUOTED:
        if quoted.benchmark == board.benchmark and quoted.method not in measured:
            name = quoted.method.upper()
            rows.append([name, "–", "–", quoted.value, quoted.source, quoted.comparable])
    return rows


def _rules(board: Leaderboard) -> dict[str, Any]:
    """One row for each method and rule; only for methods that have several rules."""
    found = board.derived[board.derived["rule"] != CLASSES_SEEN]
    measured = set(found["metric"])
    costs = columns_of(Section.ROUTERS)
    columns = [c for c in (ACC_AGNOSTIC, INFERENCE, *costs) if c.metric in measured]
    rows = []
    for entry in board.entries:
        mine = of_entry(found, entry)
        rules = list(dict.fromkeys(mine.loc[mine["metric"] == "acc", "rule"]))
        title = entry.title
        for rule in filter(None, rules) if len(rules) > 2 else ():
            [cells] = cells_of(mine[mine["rule"] == rule], columns).values()
            texts = [column.text(cell) for column, cell in cells.items()]
            keeps = RULES.get(rule) or "the router's own answers, without the network"
            rows.append([title, rule, *texts, keeps])
            title = ""  # once for all its rules
    return {
        "head": ["Method", "Rule", *(column.title for column in columns), "Keeps"],
        "rows": rows,
    }


def _methods(board: Leaderboard, finished: list[Record]) -> list[list[str]]:
    """What each method is; entries that differ in the training budget alone share a row."""
    titles: dict[tuple[str, ...], list[str]] = {}
    for entry in board.entries:
        key = (entry.baseline, entry.setting)
        record = next(r for r in finished if (r.run.baseline, r.run.setting) == key)
        settings = ", ".join(f"{name} = {value}" for name, value in record.run.settings.items())
        method = record.method
        requirements = "; ".join(method.requirements) or "none"
        row = (method.reference, settings or "–", method.supervision or "–", requirements)
        titles.setdefault((entry.baseline, *row), []).append(entry.title)
    return [["; ".join(names), *row] for (_, *row), names in titles.items()]


def _formulas(board: Leaderboard) -> list[list[str]]:
    """Of the metrics that were measured and stand in a table."""
    measured = set(board.derived["metric"])
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
