"""What `harness.bench` says of masks, long streams and cores, on little work."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from harness.config.budgets import TrainingBudget
from harness.config.networks import Network, Normalisation
from harness.speed import overhead
from harness.storage import store
from rmn import convert

CPU = torch.device("cpu")


def tiny(outputs: int, norm: Normalisation) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, outputs, bias=False),
    )


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in table.split("\n")]


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


class FakeTimer:
    """A millisecond for the plain step of each round and two, three or seven for the masked one."""

    made = 0
    rounds = ((0.001, 0.001, 0.001), (0.002, 0.007, 0.003))

    def __init__(self, statement: str, globals: dict[str, Callable[[], None]]) -> None:  # noqa: A002
        self.step = globals["step"]
        self.means: tuple[float, ...] = self.rounds[FakeTimer.made % 2]
        FakeTimer.made += 1

    def timeit(self, number: int) -> SimpleNamespace:
        self.step()
        first, *rest = self.means
        self.means = (*rest, first)
        return SimpleNamespace(mean=first)


def test_rates_with_and_without_masks_are_of_medians(monkeypatch: pytest.MonkeyPatch) -> None:
    networks = {
        "tiny": Network(tiny, (3, 8, 8), timed_batch=16),
        "untimed": Network(tiny, (3, 8, 8)),
    }
    monkeypatch.setattr(overhead, "NETWORKS", networks)
    monkeypatch.setattr(overhead, "_ROUNDS", 3)
    monkeypatch.setattr(overhead, "Timer", FakeTimer)
    head, _, *rows = cells(overhead.steps(CPU))
    assert head[0] == "network on cpu"
    measured = ["16,000", "5,333", "3.00"]
    assert rows == [["tiny", "16", one, *measured] for one in ("float32", "bfloat16")]


@pytest.mark.parametrize("masked", [False, True])
def test_a_step_trains_the_network(masked: bool) -> None:
    torch.manual_seed(0)
    network: nn.Module = convert(tiny(5, "batch")) if masked else tiny(5, "batch")
    if masked:
        network.begin_task(0, range(5))  # type: ignore[operator]
    x, y = torch.rand(8, 3, 8, 8), torch.randint(0, 5, (8,))
    step = overhead._step(network, x, y, "float32")
    losses = []
    for _ in range(20):
        losses.append(float(nn.functional.cross_entropy(network(x), y).detach()))
        step()
    assert losses[-1] < losses[0]


def test_one_more_mask_is_one_more_bit_a_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead, "TASKS", 3)
    monkeypatch.setattr(
        overhead,
        "TrainingBudget",
        lambda epochs, train_examples: TrainingBudget(epochs, train_examples=256),
    )
    _, _, *rows = cells(overhead.tasks())
    _, memory, kept, bits = (row[1:] for row in rows)
    assert number(memory[1]) >= number(memory[0])
    assert number(kept[1]) > number(kept[0])
    assert number(bits[1]) == pytest.approx(1.0, abs=0.01)


def test_cores_are_as_busy_as_their_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [SimpleNamespace(provenance={"seconds": seconds}) for seconds in (10.0, 20.0, 30.0)]
    commands: list[list[str]] = []

    def compare(command: list[str], **options: bool) -> None:
        commands.append(command)

    def read(results: Path, benchmark: str, profile: str) -> SimpleNamespace:
        assert commands[0][commands[0].index("--results") + 1] == str(results)
        assert (benchmark, profile) == ("split_mnist", "default")
        return SimpleNamespace(records=records)

    seconds = iter((5.0, 45.0))
    monkeypatch.setattr(subprocess, "run", compare)
    monkeypatch.setattr(store, "read", read)
    monkeypatch.setattr(time, "perf_counter", lambda: next(seconds))
    rows = cells(overhead.use_of_cores(2))
    assert [row[1] for row in rows[2:]] == ["3", "40", "60", "75 %"]  # 60 of 2 x 40 seconds
    assert commands[0][commands[0].index("--jobs") + 1] == "2"
