"""A report as a PDF: what the template is given, and typesetting it."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import typst

from harness.benchmarks import BENCHMARKS
from harness.exports import FORMULAS
from harness.figures import draw
from harness.metrics import METRICS
from harness.published import QUOTED, paper
from harness.schema import TASK_AGNOSTIC
from harness.statistics import summarise
from harness.store import Record, Results
from harness.tables import COLUMNS, Cell, Leaderboard, leaderboard

TEMPLATE: Final = Path(__file__).with_name("report.typ")

_CAPTIONS: Final = {
    "curves": "Average accuracy over the tasks learned so far: mean, 95 % band, every seed faint. "
    "Left task-aware, right task-agnostic.",
    "matrices": "Accuracy on each task (columns) after learning each task (rows), task-aware, mean "
    "over seeds, %. Tasks not learned yet are dimmed.",
    "forgetting": "Forgetting, task-aware: mean, 95 % interval and every seed (dots).",
    "masks": "Left: share of the weights that each task's mask keeps. Right: share of the weights "
    "that any mask has used so far.",
    "overlap": "Intersection over union of the masks of two tasks, mean over seeds.",
    "confusion": "Which task the test examples of each task were taken for, after the last task, "
    "mean over seeds, %.",
    "cost": "Task-aware accuracy against cost: seconds per run, and bytes kept beyond one network.",
}
_PARTS: Final = (
    ((0, 1, 5), "Accuracy and task inference (%), mean ± 95 % interval over seeds."),
    ((2, 3, 4), "Forgetting, backward transfer and learning accuracy, task-aware (%)."),
    ((6, 7, 8, 9), "Masks (%), extra memory (bytes) and time (s; two runs at once on two cores)."),
)


def typeset(results: Results, path: Path) -> None:
    """Write the PDF of a benchmark and profile; equal results give equal bytes.

    Raises:
        ValueError: there is no finished run.
    """
    board = leaderboard(results)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = draw(results.rows, board, folder)
        (folder / "report.typ").write_text(TEMPLATE.read_text())
        content = {
            **_content(results, board),
            "figures": [
                {"path": file.name, "caption": _CAPTIONS[key]} for key, file in figures.items()
            ],
            "missing": [key for key in _CAPTIONS if key not in figures],
        }
        pdf = typst.compile(
            str(folder / "report.typ"),
            sys_inputs={"data": json.dumps(content)},
            timestamp=0,
            ignore_system_fonts=True,
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(pdf)
    unfinished.replace(path)


def _content(results: Results, board: Leaderboard) -> dict[str, Any]:
    benchmark = BENCHMARKS[board.benchmark]
    finished = [record for record in results.records if record.status == "finished"]
    return {
        "title": benchmark.title,
        "profile": board.profile,
        "summary": benchmark.summary,
        "budget": _budget(finished[0]),
        "leaderboard": [_part(board, *part) for part in _PARTS],
        "quoted": _quoted(board),
        "rules": _rules(board),
        "methods": _methods(board, finished),
        "formulas": [[f["title"], f["formula"], f["source"]] for f in FORMULAS],
        "provenance": _provenance(finished),
        "problems": _problems(results),
    }


def _budget(record: Record) -> str:
    training = record.run.training
    decay = ", lowered to zero along half a cosine within each task" if training["decay"] else ""
    return (
        f"Every method trains for {training['epochs']} epochs a task in batches of "
        f"{training['batch_size']}, with the same network, first weights and order of data, by "
        f"Adam at {training['learning_rate']:g}{decay}, unless its settings below name another "
        "learning rate."
    )


def _part(board: Leaderboard, positions: tuple[int, ...], caption: str) -> dict[str, Any]:
    def shown(cell: Cell, metric: str) -> dict[str, Any]:
        return {"text": cell.text(METRICS[metric].percent), "best": cell.best}

    rows = []
    for entry in board.entries:
        row = [{"text": entry.title, "best": False}, {"text": str(entry.seeds), "best": False}]
        row += [shown(entry.cells[k], COLUMNS[k].metric) for k in positions]
        if 1 in positions:
            row.append({"text": entry.rule, "best": False})
        rows.append(row)
    head = ["Method", "Seeds", *(COLUMNS[k].title for k in positions)]
    return {
        "caption": caption,
        "head": [*head, "Task inferred by"] if 1 in positions else head,
        "rows": rows,
    }


def _quoted(board: Leaderboard) -> list[list[str]]:
    rows = []
    for entry in board.entries:
        quoted = paper(board.benchmark, entry.baseline)
        last = [quoted.value, quoted.source, quoted.comparable] if quoted else ["–", "", ""]
        rows.append([entry.title, *entry.texts()[:2], *last])
    measured = {entry.baseline for entry in board.entries}
    for quoted in QUOTED:
        if quoted.benchmark == board.benchmark and quoted.baseline not in measured:
            name = quoted.baseline.upper()
            rows.append([name, "–", "–", quoted.value, quoted.source, quoted.comparable])
    return rows


def _rules(board: Leaderboard) -> list[list[str]]:
    """Methods in rows, rules in columns; only for methods that have several."""
    found = board.derived
    found = found[(found["metric"] == "acc") & (found["regime"] == TASK_AGNOSTIC)]
    table = summarise(found, ["baseline", "setting", "rule"])
    rules = [rule for rule in dict.fromkeys(table["rule"]) if rule != "classes seen"]
    rows = []
    for entry in board.entries:
        mine = table[(table["baseline"] == entry.baseline) & (table["setting"] == entry.setting)]
        cells = {
            rule: Cell(mean, half).text(percent=True)
            for rule, mean, half in zip(mine["rule"], mine["mean"], mine["half_width"], strict=True)
        }
        if len(cells) > 1:
            rows.append([entry.title, *(cells.get(str(rule), "–") for rule in rules)])
    return [["Method", *map(str, rules)], *rows] if rows else []


def _methods(board: Leaderboard, finished: list[Record]) -> list[list[str]]:
    rows = []
    for entry in board.entries:
        key = (entry.baseline, entry.setting)
        record = next(r for r in finished if (r.run.baseline, r.run.setting) == key)
        settings = ", ".join(f"{name} = {value}" for name, value in record.run.settings.items())
        relaxations = "; ".join(record.method["relaxations"])
        reference = str(record.method["reference"])
        rows.append([entry.title, reference, settings or "–", relaxations or "none"])
    return rows


def _provenance(finished: list[Record]) -> list[str]:
    lines = []
    for key in ("device_name", "platform", "threads", "versions", "commit", "command"):
        values = Counter(_text(record.provenance.get(key)) for record in finished)
        counted = "; ".join(f"{value} ({n} runs)" for value, n in sorted(values.items()))
        lines.append(f"{key.replace('_', ' ')}: {counted}")
    return lines


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    return str(value)


def _problems(results: Results) -> list[str]:
    failed: Iterable[str] = (
        f"{record.run}: failed, {record.error.strip().splitlines()[-1] if record.error else ''}"
        for record in results.records
        if record.status == "failed"
    )
    damaged = (f"{path.name}: damaged, {reason}" for path, reason in results.damaged.items())
    return [*failed, *damaged]
