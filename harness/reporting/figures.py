"""The figures of a report, as vector PDF files; the same rows give the same bytes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.analysis.leaderboard import (
    ACC_AGNOSTIC,
    ACC_AWARE,
    BYTES,
    FORGETTING,
    LEARNING,
    SECONDS,
    Entry,
    Leaderboard,
    of_entry,
)
from harness.analysis.metrics.accuracy import matrix
from harness.analysis.metrics.definition import RUN
from harness.analysis.metrics.masks import pairs
from harness.analysis.selection import WITHOUT_RULE
from harness.analysis.statistics import half_width
from harness.storage.schema import TASK_AGNOSTIC, TASK_AWARE

_DARK: Final = sns.color_palette("dark", 10).as_hex()
_DASHES: Final = ("-", "--", ":", "-.")
_MARKS: Final = dict(zip(_DASHES, "osD^", strict=True))
_STYLE: Final[Any] = {
    "pdf.fonttype": 42,
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "legend.labelspacing": 0.3,
}
_WIDTH: Final = 6.7  # inches, the text width of the report


def colour(entry: Entry) -> str:
    """The colour of a method in every report: its own, or one derived from its name."""
    return entry.colour or str(_DARK[sum(map(ord, entry.baseline)) % len(_DARK)])


def dashes(board: Leaderboard, entry: Entry) -> str:
    """Tells several settings of one method apart, which share its colour."""
    settings = [one.setting for one in board.entries if one.baseline == entry.baseline]
    return _DASHES[settings.index(entry.setting) % len(_DASHES)]


def _wrapped(title: str) -> str:
    """A title in lines that fit a panel or a legend."""
    return textwrap.fill(title, 24)


def draw(rows: pd.DataFrame, board: Leaderboard, folder: Path) -> dict[str, Path]:
    """Draw every figure that the rows have data for.

    Args:
        rows: raw measures of one benchmark and profile.
        board: their leaderboard.
        folder: where the PDF files go.

    Returns:
        Path of each figure by name.
    """
    drawers = {
        "curves": curves,
        "budgets": budgets,
        "matrices": matrices,
        "forgetting": forgetting,
        "masks": masks,
        "overlap": overlap,
        "confusion": confusion,
        "switches": switches,
        "old_new": old_new,
        "responses": responses,
        "cost": cost,
    }
    drawn = {}
    plain = own_budget(board)
    with mpl.rc_context(_STYLE):
        for name, drawer in drawers.items():
            figure = drawer(rows, board if drawer is budgets else plain)
            if figure is not None:
                drawn[name] = folder / f"{name}.pdf"
                figure.savefig(drawn[name], metadata={"CreationDate": None})
    return drawn


def own_budget(board: Leaderboard) -> Leaderboard:
    """Only entries of the profile's own number of epochs, for methods that have such."""
    own = {entry.baseline for entry in board.entries if entry.title == entry.curve}
    kept = [e for e in board.entries if e.title == e.curve or e.baseline not in own]
    return replace(board, entries=kept)


def curves(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Average accuracy over the tasks learned so far: mean, 95 % band, each seed faint."""
    seen = rows[(rows["metric"] == "accuracy") & (rows["task"] <= rows["after"])]
    measured = set(seen["regime"])
    regimes = [regime for regime in (TASK_AWARE, TASK_AGNOSTIC) if regime in measured]
    figure, axes = _grid(1, len(regimes), height=2.6)
    for axis, regime in zip(axes[0], regimes, strict=True):
        for entry in board.entries:
            cells = _of(seen, entry, regime)
            at = cells.groupby(["after", "seed"])
            averages = at.agg(value=("value", "mean"), tasks=("task", "nunique")).reset_index()
            # of long streams, task inference was measured for all tasks after the last one only
            averages = averages[averages["tasks"] == averages["after"]]
            per_seed = averages.pivot_table(index="after", columns="seed", values="value") * 100
            if per_seed.empty:
                continue
            per_seed = per_seed.reindex(range(per_seed.index.min(), per_seed.index.max() + 1))
            mean = per_seed.mean(axis=1)
            half = per_seed.apply(lambda v: half_width(v.dropna().to_numpy(dtype=float)), axis=1)
            hue = colour(entry)
            x = per_seed.index.to_numpy(dtype=float)
            axis.plot(x, per_seed, color=hue, alpha=0.15, lw=0.5)
            mark = "o" if len(x) == 1 or mean.isna().any() else ""  # no line leads there
            line = dashes(board, entry)
            axis.plot(x, mean, line, color=hue, lw=1.3, marker=mark, ms=4, label=entry.title)
            # a band of two seeds is wider than accuracies can be
            low, high = (mean - half).clip(lower=0), (mean + half).clip(upper=100)
            axis.fill_between(x, low, high, color=hue, alpha=0.2, lw=0)
        axis.set(title=regime, xlabel="tasks learned", ylabel="average accuracy (%)")
        axis.xaxis.get_major_locator().set_params(integer=True)
    _legend(axes[0])
    return figure


def budgets(_: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Learning curves: average accuracy by epochs a task, of methods that have several budgets."""
    epochs: dict[str, set[int]] = {}
    for entry in board.entries:
        epochs.setdefault(entry.baseline, set()).add(entry.epochs)
    several = [entry for entry in board.entries if len(epochs[entry.baseline]) > 1]
    if not several:
        return None
    measured = [
        column
        for column in (ACC_AWARE, ACC_AGNOSTIC)
        if not all(np.isnan(entry.cells[column].mean) for entry in several)
    ]
    figure, axes = _grid(1, len(measured), height=2.3)
    for column, axis in zip(measured, axes[0], strict=True):
        for title in dict.fromkeys(entry.curve for entry in several):
            points = sorted((e for e in several if e.curve == title), key=lambda e: e.epochs)
            cells = [entry.cells[column] for entry in points]
            axis.errorbar(
                [entry.epochs for entry in points],
                [cell.mean * 100 for cell in cells],
                [np.nan_to_num(cell.half_width) * 100 for cell in cells],
                color=colour(points[0]),
                marker="o" if len(points) > 1 else "*",
                ms=3 if len(points) > 1 else 6,
                lw=1.3,
                label=title,
            )
        for entry in {entry.baseline: entry for entry in several}.values():
            if quoted := entry.paper(column.regime):
                level = float(quoted.split()[0])
                axis.axhline(level, color=colour(entry), ls=":", label="paper")
        ticks = sorted({entry.epochs for entry in several})
        axis.set_xscale("log")
        axis.set_xticks(ticks, [str(tick) for tick in ticks])
        axis.minorticks_off()
        axis.set(title=column.regime, xlabel="epochs a task", ylabel="average accuracy (%)")
    _legend(axes[0])
    return figure


def matrices(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """R[i, j] per method, task-aware, mean over seeds; tasks not learned yet are dimmed."""
    entries = [e for e in board.entries if not np.isnan(e.cells[LEARNING].mean)]
    if not entries:
        return None
    columns = 4
    figure, axes = _grid(-(-len(entries) // columns), columns, height=1.9)
    accuracy = rows[rows["metric"] == "accuracy"]
    for axis, entry in zip(axes.flat, entries, strict=False):
        cells = _of(accuracy, entry, TASK_AWARE)
        r = matrix(cells.groupby(["after", "task"])["value"].mean().reset_index()) * 100
        tasks = range(1, r.shape[1] + 1)
        small = r.shape[1] <= 5
        sns.heatmap(
            pd.DataFrame(r[1:], index=tasks, columns=tasks),
            ax=axis,
            vmin=0,
            vmax=100,
            cmap="viridis",
            square=True,
            cbar=False,
            annot=small,
            fmt=".0f",
            annot_kws={"size": 5},
        )
        rest = np.triu(np.ones_like(r[1:]), 1).astype(bool)
        axis.imshow(
            np.where(rest, 1.0, np.nan), cmap="Greys", vmin=0, vmax=4, alpha=0.45, zorder=2,
            extent=(0, r.shape[1], r.shape[1], 0),
        )  # fmt: skip
        axis.tick_params(labelsize=5, length=0)
        axis.set(title=_wrapped(entry.title), xlabel="", ylabel="")
    axes[0][0].set(ylabel="after learning task")
    axes[-1][0].set(xlabel="accuracy on task (%)")
    for axis in list(axes.flat)[len(entries) :]:
        axis.set_axis_off()
    if not small:
        _scale(figure, axes)
    return figure


def forgetting(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Forgetting per method, task-aware, with 95 % intervals and every seed."""
    found = board.derived[
        (board.derived["metric"] == "forgetting") & (board.derived["regime"] == TASK_AWARE)
    ]
    entries = [e for e in board.entries if not np.isnan(e.cells[FORGETTING].mean)]
    if not entries:
        return None
    figure, axes = _grid(1, 1, height=0.3 + 0.22 * len(entries))
    axis: Axes = axes[0][0]
    for y, entry in enumerate(entries):
        seeds = of_entry(found, entry)["value"] * 100
        cell = entry.cells[FORGETTING]
        half = 0.0 if np.isnan(cell.half_width) else cell.half_width * 100
        axis.barh(y, cell.mean * 100, xerr=half, color=colour(entry), height=0.6)
        axis.plot(seeds, [y] * len(seeds), "k.", ms=2)
    axis.set_yticks(range(len(entries)), [entry.title for entry in entries])
    axis.invert_yaxis()
    axis.set(xlabel="forgetting, task-aware (percentage points)")
    return figure


def masks(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Density of each task's mask, and the share of weights used so far."""
    weights = rows[rows["metric"] == "weights"].groupby(RUN)["value"].sum()
    if weights.empty:
        return None
    figure, axes = _grid(1, 2, height=2.2)
    kinds = (("mask_ones", "task", "mask density (%)"), ("weights_used", "after", "used (%)"))
    for axis, (metric, along, label) in zip(axes[0], kinds, strict=True):
        counts = rows[rows["metric"] == metric].groupby([*RUN, along])["value"].sum()
        share = (counts / weights * 100).rename("share").reset_index()
        for entry in board.entries:
            mine = of_entry(share, entry)
            per_seed = mine.pivot_table(index=along, columns="seed", values="share")
            if not per_seed.empty:
                hue = colour(entry)
                axis.plot(per_seed, color=hue, alpha=0.2, lw=0.5)
                line = dashes(board, entry)
                mean = per_seed.mean(axis=1)
                axis.plot(mean, line, color=hue, marker="o", ms=3, label=entry.title)
        axis.set(xlabel="task" if along == "task" else "tasks learned", ylabel=label)
        axis.set_ylim(bottom=0)
        axis.xaxis.get_major_locator().set_params(integer=True)
    _legend(axes[0])
    return figure


def overlap(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Intersection over union of the masks of two tasks, mean over seeds."""
    found = pairs(rows)
    tables = {}
    for entry in board.entries:
        mine = of_entry(found, entry)
        tables[entry.title] = mine.pivot_table(index="other", columns="task", values="value")
    return _heat_maps(tables, "task", "task", cmap="mako")


def confusion(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Which task the test examples of each task were taken for, by the method's default rule."""
    found = rows[rows["metric"] == "inferred_as"]
    tables = {}
    for entry in board.entries:
        mine = _of(found, entry, TASK_AGNOSTIC)
        table = mine.pivot_table(index="task", columns="other", values="value")
        right = 100 * float(np.mean(np.diag(table))) if len(table) else 0.0
        share = f"{right:.1f} % right".replace(" ", "\N{NO-BREAK SPACE}")
        tables[f"{entry.title}, {entry.rule}: {share}"] = table
    return _heat_maps(tables, "inferred task", "true task")


def responses(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy of the right mask and of the others on each task (the paper's Figure 2)."""
    found = rows[rows["metric"] == "accuracy_under"]
    tables = {}
    for entry in board.entries:
        mine = of_entry(found, entry)
        tables[entry.title] = mine.pivot_table(index="task", columns="other", values="value")
    return _heat_maps(tables, "mask of task", "test data of task")


def switches(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """When each seed of each method noticed a new task, against the borders."""
    found = rows[rows["metric"] == "switch"]
    entries = [entry for entry in board.entries if len(of_entry(found, entry))]
    if not entries:
        return None
    figure, axes = _grid(1, 1, height=0.6 + 0.4 * len(entries))
    axis: Axes = axes[0][0]
    for border in sorted(set(rows.loc[rows["metric"] == "border", "value"])):
        axis.axvline(border, color="0.75", lw=0.8, zorder=0)
    for y, entry in enumerate(entries):
        mine = of_entry(found, entry)
        seeds = sorted(set(mine["seed"]))
        for place, seed in enumerate(seeds):
            at = mine.loc[mine["seed"] == seed, "value"]
            height = y + 0.6 * ((place + 0.5) / len(seeds) - 0.5)
            axis.plot(at, [height] * len(at), "|", color=colour(entry), ms=4, mew=1)
    axis.set_yticks(range(len(entries)), [entry.title for entry in entries])
    axis.set(ylim=(len(entries) - 0.5, -0.5), xlabel="batch (grey: first batch of each task)")
    return figure


def old_new(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """How well old tasks are told from new ones as tasks accumulate: mean over tasks and seeds."""
    found = rows[rows["metric"].isin(["old_new_auroc", "old_new_fpr"])]
    if found.empty:
        return None
    figure, axes = _grid(1, 2, height=2.5)
    kinds = (("old_new_auroc", 50, "AUROC (%)"), ("old_new_fpr", 95, "FPR at 95 % TPR (%)"))
    for axis, (metric, chance, label) in zip(axes[0], kinds, strict=True):
        for entry in board.entries:
            mine = of_entry(found[found["metric"] == metric], entry)
            inferred = entry.rule in set(mine["rule"])
            mine = mine[mine["rule"] == (entry.rule if inferred else WITHOUT_RULE)]
            per_seed = mine.pivot_table(index="after", columns="seed", values="value") * 100
            if per_seed.empty:
                continue
            x = per_seed.index.to_numpy(dtype=float)
            hue = colour(entry)
            axis.plot(x, per_seed, color=hue, alpha=0.15, lw=0.5)
            line, mean = dashes(board, entry), per_seed.mean(axis=1)
            axis.plot(x, mean, line, color=hue, marker="o", ms=3, label=entry.title)
        axis.axhline(chance, color="0.6", lw=0.8, ls=":")
        axis.set(xlabel="tasks shown", ylabel=label)
        axis.xaxis.get_major_locator().set_params(integer=True)
    _legend(axes[0])
    return figure


def cost(rows: pd.DataFrame, board: Leaderboard) -> Figure | None:
    """Accuracy against what it costs: seconds, and bytes kept."""
    figure, axes = _grid(1, 2, height=2.6)
    kinds = ((SECONDS, 1, "seconds per run"), (BYTES, 1000, "extra bytes kept (kB)"))
    for axis, (column, unit, label) in zip(axes[0], kinds, strict=True):
        for entry in board.entries:
            x, y = entry.cells[column].mean / unit, entry.cells[ACC_AWARE].mean * 100
            mark, hue = _MARKS[dashes(board, entry)], colour(entry)
            axis.plot(x, y, mark, color=hue, label=entry.title)
        axis.set(xlabel=label, ylabel="ACC task-aware (%)")
    axes[0][1].set_xscale("symlog", linthresh=1)  # from nothing to a network for each task
    _legend(axes[0])
    return figure


def _grid(rows: int, columns: int, *, height: float) -> tuple[Figure, Any]:
    # "constrained" would cut the titles of square panels
    figure = Figure(figsize=(_WIDTH, height * rows), layout="compressed")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _legend(axes: Sequence[Axes]) -> None:
    """One for all panels of a row, right of the last."""
    shown = [axis.get_legend_handles_labels() for axis in axes]
    handles = {title: handle for pair in shown for handle, title in zip(*pair, strict=True)}
    titles = [_wrapped(title) for title in handles]
    axes[-1].legend(handles.values(), titles, loc="center left", bbox_to_anchor=(1, 0.5))


def _heat_maps(
    tables: dict[str, pd.DataFrame], xlabel: str, ylabel: str, cmap: str = "viridis"
) -> Figure | None:
    """Shares in percent, one panel for each table that is not empty."""
    shown = {title: table for title, table in tables.items() if len(table)}
    if not shown:
        return None
    columns = 3
    figure, axes = _grid(-(-len(shown) // columns), columns, height=2.4)
    small = max(map(len, shown.values())) <= 10
    for axis in axes.flat[len(shown) :]:
        axis.set_axis_off()
    for axis, (title, table) in zip(axes.flat, shown.items(), strict=False):
        sns.heatmap(table * 100, ax=axis, vmin=0, vmax=100, cmap=cmap, square=True, annot=small,
                    fmt=".0f", annot_kws={"size": 4.5}, cbar=False)  # fmt: skip
        axis.tick_params(labelsize=5, length=0)
        axis.set(title=_wrapped(title), xlabel=xlabel, ylabel=ylabel)
    if not small:
        _scale(figure, axes)
    return figure


def _scale(figure: Figure, axes: Any) -> None:
    """What the colours of heat maps mean whose cells are too small for numbers."""
    bar = figure.colorbar(axes[0][0].collections[0], ax=axes, aspect=40, pad=0.01)
    bar.ax.tick_params(labelsize=5, length=0)
    bar.outline.set_visible(False)


def _of(rows: pd.DataFrame, entry: Entry, regime: str) -> pd.DataFrame:
    mine = of_entry(rows, entry)
    mine = mine[mine["regime"] == regime]
    return mine[mine["rule"] == entry.rule] if regime == TASK_AGNOSTIC else mine
