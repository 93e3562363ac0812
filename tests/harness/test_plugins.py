"""Everything that one file outside the repository registers is compared, measured and reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness import compare, report
from harness.analysis.selection import select
from harness.config.run import Run
from harness.storage import store
from harness.storage.record import MethodDeclaration, Record, from_json, to_json

pytestmark = pytest.mark.usefixtures("registrations")

PLUGIN = '''
from dataclasses import dataclass
from typing import ClassVar

from baselines.interface import Baseline, setting
from baselines.registry import register
from harness.config.benchmark_registry import register_benchmark
from harness.config.budgets import TrainingBudget
from harness.config.networks import register_network


@register
@dataclass(frozen=True)
class Outside(Baseline):
    """Fine-tuning by another name."""

    name: ClassVar[str] = "outside"
    title: ClassVar[str] = "Outside"
    reference: ClassVar[str] = "nobody"

    scale: float = setting(1.0, "of nothing")

    def build(self, context):
        from baselines.components.fine_tuning import fine_tuning

        return fine_tuning(context)


@register_network("narrow", input_shape=(6,))
def narrow(outputs, norm):
    from torch import nn

    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, outputs))


@register_benchmark(
    "corners",
    title="Corners",
    classes=[(0, 1), (2, 3), (4, 5)],
    network="narrow",
    budget=TrainingBudget(epochs=10, batch_size=16, learning_rate=0.02),
)
def corners(folder):
    """Six classes of points near the six corners of a simplex, in three tasks of two."""
    import torch

    from harness.data.conversion import from_tensors

    labels = torch.arange(6).repeat(50)
    noise = torch.randn(300, 6, generator=torch.Generator().manual_seed(0))
    points = torch.eye(6)[labels] + 0.1 * noise
    return from_tensors((points, labels), (points[:60], labels[:60]))
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, in a working folder outside the repository."""
    monkeypatch.chdir(tmp_path)
    file = Path("mine.py")
    file.write_text(PLUGIN)
    return file


ASKED = ["--benchmark", "corners", "--methods", "outside,naive", "--seeds", "1"]


def test_it_goes_through_compare_report_and_data_frames(
    plugin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["--plugin", str(plugin), *ASKED, "--scenario", "task-il", "--jobs", "1"]
    assert compare.main([*argv, "--no-report"]) == 0
    assert "corners, profile default, task-il" in capsys.readouterr().out
    metrics = harness.load_metrics(benchmark="corners", metric="acc")
    assert dict(zip(metrics["method"], metrics["value"] > 0.95, strict=True)) == {
        "naive": True,
        "outside": True,
    }
    assert report.main(["--plugin", "mine.py", "--benchmark", "corners", "--format", "md"]) == 0
    assert "| Outside |" in Path("reports/corners.md").read_text()
    runs = [record.run for record in store.read(Path("results"), "corners", "default").records]
    parts = {run.baseline: sorted(run.plugins) for run in runs}
    assert parts == {
        "naive": ["benchmark", "network"],
        "outside": ["baseline", "benchmark", "network"],
    }
    assert all(origin.startswith("mine ") for run in runs for origin in run.plugins.values())

    capsys.readouterr()
    assert compare.main([*argv, "--plan"]) == 0
    assert "0 of 2 runs to make." in capsys.readouterr().out


def test_a_run_of_our_own_has_the_id_that_it_had_before_there_were_plugins() -> None:
    run = Run("split_mnist", "task-il", "naive", {}, "smoke", {"epochs": 1}, 0, {"rows": 2})
    assert "plugins" not in run.identity
    assert run.id == "3587b8fe7af16134"


def test_an_unknown_network_is_named(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin.write_text(PLUGIN.replace('network="narrow"', 'network="narow"'))
    with pytest.raises(SystemExit):
        compare.main(["--plugin", "mine.py", *ASKED, "--plan"])
    assert "unknown network of corners 'narow'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"corners"', '"split_mnist"'), "two benchmarks are named 'split_mnist'"),
        (('"narrow", input', '"mlp", input'), "two networks are named 'mlp'"),
        (('"outside"', '"naive"'), "two methods are named 'naive'"),
        (('"outside"', '"training"'), "named 'training', as the budget in --set training."),
        (('"Outside"', '"RMN"'), "has the title of the method rmn, 'RMN'; give it another"),
        (('"corners"', '"index"'), "a benchmark cannot be named 'index': the report of several is"),
    ],
)
def test_names_that_are_taken_are_refused(
    change: tuple[str, str], message: str, plugin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin.write_text(PLUGIN.replace(*change))
    with pytest.raises(SystemExit) as ended:
        compare.main(["--plugin", "mine.py", *ASKED, "--plan"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "mine.py cannot be imported" in said
    assert message in said


def test_help_names_what_it_registers(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        compare.main(["--help", "--plugin", str(plugin)])
    said = capsys.readouterr().out
    assert "outside.scale=1.0" in said
    assert "near the six corners" in said


def made(plugins: dict[str, str], started: str, scale: float = 1.0) -> Record:
    """A finished run of the method."""
    run = Run(
        "corners",
        "task-il",
        "outside",
        {"scale": scale},
        "default",
        {"epochs": 1},
        0,
        {"rows": 2},
        plugins=plugins,
    )
    return Record(run, MethodDeclaration("Outside"), {"started": started})


def test_of_a_changed_plugin_only_the_last_runs_count_and_two_plugins_are_told_apart() -> None:
    before = made({"baseline": "mine 111111111111"}, "2026-01-01")
    after = made({"baseline": "mine 222222222222"}, "2026-01-02")
    other = made({"baseline": "yours 333333333333"}, "2026-01-03")
    assert len({record.run.id for record in (before, after, other)}) == 3
    results = store.Results([before, after, other])
    chosen = {record.run.id: record.run.setting for record in select(results).records}
    assert chosen == {
        after.run.id: "plugin.baseline=mine 222222222222",
        other.run.id: "",
    }


def test_the_runs_of_a_plugin_that_was_put_back_count_again(plugin: Path) -> None:
    """Each command has a process of its own, as plugins are imported once."""
    compare_it = [sys.executable, "-m", "harness.compare", "--plugin", "mine.py"]
    compare_it += ["--benchmark", "corners", "--methods", "outside", "--seeds", "1"]
    compare_it += ["--scenario", "task-il", "--set", "training.epochs=1", "--jobs", "1"]
    compare_it += ["--no-report"]
    columns = {**os.environ, "COLUMNS": "200"}

    def shown() -> str:
        done = subprocess.run(compare_it, env=columns, capture_output=True, text=True, check=True)
        return done.stdout.partition("the report.")[0]

    first = shown()
    plugin.write_text(PLUGIN.replace("0.1 * noise", "9.0 * noise"))
    second = shown()
    plugin.write_text(PLUGIN)
    assert shown() == first != second


def test_a_record_says_where_code_came_from_and_one_of_ours_does_not() -> None:
    record = made({"baseline": "mine 111111111111"}, "2026-01-01")
    assert from_json(json.loads(json.dumps(to_json(record)))).run == record.run
    assert "plugins" not in to_json(made({}, "2026-01-01"))["run"]
