"""The leaderboard: one row per method, mean and 95 % interval over seeds, regimes kept apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pandas as pd
from rich.table import Table

from harness import published
from harness.metrics import METRICS, derive
from harness.schema import TASK_AGNOSTIC, TASK_AWARE
from harness.statistics import among_best, summarise
from harness.store import Results


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the leaderboard: one metric under one regime."""

    metric: str
    regime: str
    title: str


COLUMNS: Final = (
    Column("acc", TASK_AWARE, "ACC task-aware"),
    Column("acc", TASK_AGNOSTIC, "ACC task-agnostic"),
    Column("forgetting", TASK_AWARE, "Forgetting task-aware"),
    Column("bwt", TASK_AWARE, "BWT task-aware"),
    Column("learning_accuracy", TASK_AWARE, "Learning acc. task-aware"),
    Column("task_inference", TASK_AGNOSTIC, "Task inference"),
    Column("mask_density", "", "Mask density"),
    Column("weights_used", "", "Weights used"),
    Column("stored_bytes", "", "Extra bytes"),
    Column("seconds", "", "Seconds"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A mean over seeds.

    Attributes:
        mean: in the metric's own unit; NaN where it is not defined.
        half_width: of the 95 % interval; NaN for one seed.
        best: not to be told apart from the best method, paired by seed.
    """

    mean: float
    half_width: float
    best: bool = False

    def text(self, percent: bool) -> str:
        """The number as printed: percentages with two decimals."""
        if pd.isna(self.mean):
            return "–"
        scale, digits = (100, 2) if percent else (1, 1 if self.mean < 1000 else 0)
        mean = f"{self.mean * scale:,.{digits}f}"
        if pd.isna(self.half_width) or self.half_width == 0:
            return mean
        return f"{mean} ± {self.half_width * scale:,.{digits}f}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One method with one setting.

    Attributes:
        baseline: its name.
        setting: the settings that differ from the defaults, "" for none.
        title: as printed, with the settings that differ from the defaults.
        seeds: number of seeds.
        rule: how the task is inferred when it is not given.
        cells: by position in `COLUMNS`.
        paper: the paper's accuracy, quoted, or "".
    """

    baseline: str
    setting: str
    title: str
    seeds: int
    rule: str
    cells: tuple[Cell, ...]
    paper: str

    def texts(self) -> list[str]:
        """The cells as printed."""
        pairs = zip(COLUMNS, self.cells, strict=True)
        return [cell.text(METRICS[column.metric].percent) for column, cell in pairs]


@dataclass(slots=True)
class Leaderboard:
    """The comparison of one benchmark under one profile.

    Attributes:
        benchmark: its name.
        profile: its name; numbers of two profiles are never in one leaderboard.
        entries: best task-aware accuracy first.
        derived: every derived metric of every run (`harness.metrics.derive`).
    """

    benchmark: str
    profile: str
    entries: list[Entry] = field(default_factory=list)
    derived: pd.DataFrame = field(default_factory=pd.DataFrame)


def leaderboard(results: Results) -> Leaderboard:
    """The leaderboard of what `harness.store.read` gave.

    Raises:
        ValueError: there is no finished run.
    """
    finished = [record for record in results.records if record.status == "finished"]
    if not finished:
        raise ValueError("there is no finished run")
    derived = derive(results.rows)
    rules = {record.run.baseline: record.method.get("rule", "") for record in finished}
    titles = {record.run.baseline: str(record.method["title"]) for record in finished}
    shown = _default_rules(derived, rules)
    cells = _cells(shown)
    run = finished[0].run
    board = Leaderboard(run.benchmark, run.profile, derived=derived)
    for (baseline, setting), group in shown.groupby(["baseline", "setting"], sort=False):
        quoted = published.paper(run.benchmark, str(baseline))
        agnostic = group.loc[group["regime"] == TASK_AGNOSTIC, "rule"]
        board.entries.append(
            Entry(
                baseline=str(baseline),
                setting=str(setting),
                title=titles[str(baseline)] + (f" ({setting})" if setting else ""),
                seeds=int(group["seed"].nunique()),
                rule=str(agnostic.iloc[0]) if len(agnostic) else "",
                cells=cells[(str(baseline), str(setting))],
                paper=quoted.value if quoted else "",
            )
        )
    board.entries.sort(key=lambda entry: -entry.cells[0].mean)
    return board


def _default_rules(derived: pd.DataFrame, rules: dict[str, str]) -> pd.DataFrame:
    """Only each method's default rule; the other rules have a table of their own."""
    default = derived["baseline"].map(rules).fillna("").astype(str)
    others = (default != "") & (derived["regime"] == TASK_AGNOSTIC) & (derived["rule"] != default)
    return derived[~others]


def _cells(shown: pd.DataFrame) -> dict[tuple[str, str], tuple[Cell, ...]]:
    keys = ["baseline", "setting"]
    methods = [tuple(key) for key in shown[keys].drop_duplicates().itertuples(index=False)]
    found: dict[tuple[str, str], list[Cell]] = {method: [] for method in methods}
    for column in COLUMNS:
        chosen = shown[(shown["metric"] == column.metric) & (shown["regime"] == column.regime)]
        summary = summarise(chosen, keys).set_index(keys)
        better = METRICS[column.metric].higher_is_better
        wide = chosen.pivot_table(index="seed", columns=keys, values="value")
        best = [] if better is None or wide.empty else among_best(wide, better)
        for method in methods:
            if method in summary.index:
                row = summary.loc[[method]].iloc[0]
                mean, half = float(row["mean"]), float(row["half_width"])
                found[method].append(Cell(mean, half, method in best))
            else:
                found[method].append(Cell(float("nan"), float("nan")))
    return {method: tuple(cells) for method, cells in found.items()}


def leaderboard_table(results: Results) -> Table:
    """The leaderboard for the terminal; bold is best, or not to be told apart from it."""
    board = leaderboard(results)
    table = Table(
        title=f"{board.benchmark}, profile {board.profile}: mean ± 95 % interval over seeds",
        caption="Bold: best, or no difference to the best that the seeds can show. "
        "Paper: quoted from Table 1, not measured.",
    )
    table.add_column("Method")
    table.add_column("Seeds", justify="right")
    for column in COLUMNS:
        table.add_column(column.title, justify="right")
    table.add_column("Rule")
    table.add_column("Paper", justify="right")
    for entry in board.entries:
        texts = zip(entry.texts(), entry.cells, strict=True)
        marked = [f"[bold]{text}[/bold]" if cell.best else text for text, cell in texts]
        table.add_row(entry.title, str(entry.seeds), *marked, entry.rule, entry.paper)
    return table
