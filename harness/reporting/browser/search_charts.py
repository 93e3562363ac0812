"""Charts of searches over settings: how they went, and what each setting did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from baselines.interface import Range
from harness.reporting.browser import vega_lite
from harness.reporting.browser.vega_lite import Spec
from harness.reporting.model import Chart
from harness.reporting.searches import Searched, Tried

_HUE: Final = {"expr": "dark ? '#56b4e9' : '#0173b2'"}
_BEST: Final = {"expr": "dark ? '#f0a05a' : '#b3530a'"}
_WHOLE: Final = "whole"
_STOPPED: Final = "stopped early"
_HELD_OUT: Final = "ACC on held-out training data, mean over seeds, %"


def search_charts(searches: Sequence[Searched], section: str) -> list[Chart]:
    """Accuracy trial by trial, and against the values of each setting.

    Args:
        searches: of one report.
        section: title of the section that the charts belong to.
    """
    drawn = (
        _course(searches, section),
        _against_values(searches, section, by_range=True),
        _against_values(searches, section, by_range=False),
    )
    return [chart for chart in drawn if chart is not None]


def _course(searches: Sequence[Searched], section: str) -> Chart | None:
    """Accuracy by the number of the trial, with the best so far."""
    table = pd.DataFrame(row for search in searches for row in _in_order(search))
    if table.empty:
        return None
    accuracy = vega_lite.percent("Accuracy")
    return Chart(
        title="Search, trial by trial",
        caption=f"{_HELD_OUT}: dots for whole trials, rings for those that were stopped early. "
        "Line: the best whole trial so far.",
        section=section,
        data=table,
        spec=vega_lite.specification(
            [{"filter": "datum.Search === shown"}],
            params=[vega_lite.choice("Search", list(dict.fromkeys(table["Search"])))],
            height=vega_lite.HEIGHT,
            encoding={"x": vega_lite.whole("Trial")},
            layer=[
                {
                    "transform": [{"filter": "isValid(datum['Best so far'])"}],
                    "mark": {"type": "line", "interpolate": "step-after", "color": _BEST},
                    "encoding": {"y": {**accuracy, "field": "Best so far"}},
                },
                *_points(
                    {"y": accuracy}, [vega_lite.number("Trial", "d"), vega_lite.number("Accuracy")]
                ),
            ],
        ),
    )


def _in_order(search: Searched) -> list[dict[str, Any]]:
    rows = []
    whole: list[float] = []
    for trial in search.trials:
        if trial.whole:
            whole.append(trial.accuracy)
        rows.append(
            {
                "Search": search.title,
                "Trial": trial.number,
                "Accuracy": round(trial.accuracy * 100, 3),
                "Ended": _ended(trial),
                "Best so far": round(max(whole, default=float("nan")) * 100, 3),
            }
        )
    return rows


def _against_values(searches: Sequence[Searched], section: str, *, by_range: bool) -> Chart | None:
    """Accuracy by the value of one setting at a time.

    Args:
        searches: of one report.
        section: that the chart belongs to.
        by_range: whether the settings are those searched in a range, which have a logarithmic
            scale, or those with values to choose from.
    """
    table = pd.DataFrame(
        {
            "Setting": f"{search.title}: {name}" if len(searches) > 1 else name,
            "Value": value if by_range else str(value),
            "Accuracy": round(trial.accuracy * 100, 3),
            "Trial": trial.number,
            "Ended": _ended(trial),
            "Chosen": "yes" if trial.number == search.best else "",
        }
        for search in searches
        for trial in search.trials
        for name, value in trial.settings.items()
        if isinstance(search.space[name], Range) == by_range
    )
    if table.empty:
        return None
    value: Spec = {
        "field": "Value",
        "type": "quantitative" if by_range else "nominal",
        "axis": {"title": "value", "labelAngle": 0, "grid": False},
    }
    if by_range:
        value["scale"] = {"type": "log", "nice": False}
    shown = [vega_lite.number("Value", ".4~g") if by_range else vega_lite.nominal("Value")]
    return Chart(
        title=f"Accuracy by settings {'in a range' if by_range else 'with values to choose from'}",
        caption=f"{_HELD_OUT}, against the values of one setting at a time: dots for whole trials, "
        "rings for those that were stopped early. The line from top to bottom is at what was "
        "chosen. Settings that were searched together differ in the others, too.",
        section=section,
        data=table,
        spec=vega_lite.specification(
            [{"filter": "datum.Setting === shown"}],
            params=[vega_lite.choice("Setting", list(dict.fromkeys(table["Setting"])))],
            height=vega_lite.HEIGHT,
            encoding={"x": value},
            layer=[
                {
                    "transform": [{"filter": "datum.Chosen === 'yes'"}],
                    "mark": {"type": "rule", "color": _BEST, "strokeDash": [6, 3]},
                },
                *_points(
                    {"y": vega_lite.percent("Accuracy")},
                    [*shown, vega_lite.number("Accuracy"), vega_lite.number("Trial", "d")],
                ),
            ],
        ),
    )


def _points(encoding: Spec, tooltip: Sequence[Spec]) -> list[Spec]:
    """A dot for each whole trial and a ring for each other one.

    Args:
        encoding: of both.
        tooltip: of both.
    """
    return [
        {
            "transform": [{"filter": f"datum.Ended === '{ended}'"}],
            "mark": {"type": "point", "filled": ended == _WHOLE, "size": 60, "color": _HUE},
            "encoding": {**encoding, "tooltip": list(tooltip)},
        }
        for ended in (_WHOLE, _STOPPED)
    ]


def _ended(trial: Tried) -> str:
    return _WHOLE if trial.whole else _STOPPED
