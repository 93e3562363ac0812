"""A strategy's task routers, and their costs, against what its plugin holds."""

from __future__ import annotations

from typing import Any, Literal, cast

import pytest
import torch

from baselines.context import Context
from baselines.registry import methods
from baselines.single_plus import SinglePlus
from harness.config.benchmarks import BENCHMARKS
from harness.data.streams import Stream
from harness.evaluation.measurements import Snapshot
from harness.evaluation.routers import router_costs, routers_of


def costs_of(strategy: Any, after: int) -> dict[tuple[str, str], float]:
    """Costs by metric and rule."""
    benchmark = BENCHMARKS["split_mnist"]
    rows = list(
        router_costs(Snapshot(strategy, benchmark, cast(Any, None), after, torch.device("cpu")))
    )
    assert {row["after"] for row in rows} <= {after}
    return {(row["metric"], row["rule"]): row["value"] for row in rows}


def test_a_method_without_routers_has_none_and_no_costs(context: Context) -> None:
    strategy = methods()["single"]().build(context)
    assert routers_of(strategy) == {}
    assert costs_of(strategy, after=1) == {}


@pytest.mark.parametrize("rule", ["pixel-gaussian", "calibrated-logit"])
def test_a_router_is_found_by_the_name_of_its_rule(
    rule: Literal["pixel-gaussian", "calibrated-logit"], context: Context, stream: Stream
) -> None:
    strategy = SinglePlus(router=rule).build(context)
    assert list(routers_of(strategy)) == [rule]
    bytes_kept, seconds = [], []
    for after in (1, 2):
        strategy.train(stream.experiences[after - 1])
        costs = costs_of(strategy, after)
        bytes_kept.append(costs["router_bytes", rule])
        seconds.append(costs["router_seconds", rule])
        held = [value for _, value in routers_of(strategy)[rule].named_buffers()]
        assert bytes_kept[-1] == sum(value.numel() * value.element_size() for value in held)
    assert 0 < seconds[0] < seconds[1]
    if rule == "pixel-gaussian":
        assert bytes_kept[0] >= 2 * 784 * 4  # a mean and a variance of each pixel
    assert bytes_kept[1] == 2 * bytes_kept[0]
