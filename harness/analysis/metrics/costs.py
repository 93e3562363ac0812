"""What a method keeps beyond one network, and the time it takes."""

from __future__ import annotations

from functools import partial

import pandas as pd

from harness.analysis.metrics.definition import Direction, Section, Unit, metric

_cost_metric = partial(metric, source="observed", section=Section.COSTS)
_router_metric = partial(
    metric, direction=Direction.LOWER, source="observed", section=Section.ROUTERS
)


@_cost_metric(
    "inference_bytes",
    title="Extra bytes to predict",
    unit=Unit.BYTES,
    direction=Direction.LOWER,
    formula="bytes of the tensors that predictions need after the last task, beyond one backbone "
    "network",
    measurements=("network_bytes", "predictor_bytes"),
)
def inference_bytes(rows: pd.DataFrame) -> pd.Series[float]:
    """Memory for masks as bits, heads, BatchNorms and networks per task, and task routers.

    >>> names = ["network_bytes", "predictor_bytes"]
    >>> rows = pd.DataFrame(
    ...     {"run_id": "a", "metric": names * 2, "after": [1, 1, 2, 2],
    ...      "value": [100.0, 110.0, 100.0, 120.0]}
    ... )
    >>> inference_bytes(rows).tolist()  # 120 - 100
    [20.0]
    """
    network = rows["metric"] == "network_bytes"
    own, backbone = (_after_last_task(rows[which], "run_id") for which in (~network, network))
    return own - backbone


@_cost_metric(
    "training_bytes",
    title="Bytes to learn on",
    unit=Unit.BYTES,
    direction=Direction.LOWER,
    formula="bytes of all else that is kept after the last task, for learning further tasks",
    measurements=("training_bytes",),
)
def training_bytes(rows: pd.DataFrame) -> pd.Series[float]:
    """Memory for importances, earlier weights, raw mappings, frozen weights and stored examples.

    The optimizer's state is no part of it: it is made anew for each task.

    >>> rows = pd.DataFrame({"run_id": "a", "after": [1, 2], "value": [10.0, 30.0]})
    >>> training_bytes(rows).tolist()
    [30.0]
    """
    return _after_last_task(rows, "run_id")


@_cost_metric(
    "stored_examples",
    title="Stored examples",
    unit=Unit.COUNT,
    direction=Direction.LOWER,
    formula="examples kept after the last task",
    measurements=("stored_examples",),
)
def stored_examples(rows: pd.DataFrame) -> pd.Series[float]:
    """Training examples that are replayed or consulted later."""
    return _after_last_task(rows, "run_id")


@_cost_metric(
    "seconds",
    title="Seconds",
    unit=Unit.SECONDS,
    direction=Direction.NEITHER,  # runs of one table may come from several machines
    formula="wall-clock seconds of training and evaluation, on the machines of the provenance",
    measurements=("train_seconds", "eval_seconds"),
)
def seconds(rows: pd.DataFrame) -> pd.Series[float]:
    """Time of a whole run.

    >>> rows = pd.DataFrame({"run_id": "a", "value": [1.0, 2.0, 0.5]})
    >>> seconds(rows).tolist()
    [3.5]
    """
    return rows.groupby("run_id")["value"].sum()


@_router_metric(
    "router_bytes",
    title="Router bytes",
    unit=Unit.BYTES,
    formula="bytes that the task router keeps after the last task",
    measurements=("router_bytes",),
)
def router_bytes(rows: pd.DataFrame) -> pd.Series[float]:
    """Memory of what infers the task beside the network."""
    return _after_last_task(rows, "run_id", "rule")


@_router_metric(
    "router_seconds",
    title="Router seconds",
    unit=Unit.SECONDS,
    formula="wall-clock seconds of fitting the task router to all tasks",
    measurements=("router_seconds",),
)
def router_seconds(rows: pd.DataFrame) -> pd.Series[float]:
    """Time to fit what infers the task beside the network."""
    return _after_last_task(rows, "run_id", "rule")


def _after_last_task(rows: pd.DataFrame, *keys: str) -> pd.Series[float]:
    return rows.sort_values("after").groupby(list(keys))["value"].last()
