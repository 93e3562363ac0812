"""RMN in a stock Avalanche script: stock benchmark, metrics, loggers and plugins, no harness."""

import gzip
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pytest
import torch
from avalanche.benchmarks import PermutedMNIST, SplitMNIST
from avalanche.evaluation.metrics import accuracy_metrics, forgetting_metrics
from avalanche.logging import TextLogger
from avalanche.models import SimpleMLP
from avalanche.training.plugins import EvaluationPlugin, LRSchedulerPlugin

from rmn import RMN, RMNPlugin, convert

PACKAGED = Path(__file__).parents[2] / "harness" / "data" / "mnist.npz"
SIZES = {"train": 3000, "test": 600}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first images of MNIST as idx files, where torchvision looks for them."""
    folder = tmp_path_factory.mktemp("mnist")
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    with np.load(PACKAGED) as arrays:
        for split, prefix in (("train", "train"), ("test", "t10k")):
            images = arrays[f"{split}_images"][: SIZES[split]]
            labels = arrays[f"{split}_labels"][: SIZES[split]]
            header = struct.pack(">IIII", 2051, len(images), 28, 28)
            (raw / f"{prefix}-images-idx3-ubyte").write_bytes(header + images.tobytes())
            header = struct.pack(">II", 2049, len(labels))
            (raw / f"{prefix}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())
            for kind in ("images-idx3", "labels-idx1"):  # torchvision asks for both
                plain = raw / f"{prefix}-{kind}-ubyte"
                plain.with_suffix(".gz").write_bytes(gzip.compress(plain.read_bytes(), 1))
    return folder


def learner(log: TextIO) -> RMN:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = convert(SimpleMLP(hidden_size=64))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.9)
    return RMN(
        model=model,
        optimizer=optimizer,
        rmn=RMNPlugin(l0_weight=0.1),
        train_mb_size=64,
        train_epochs=4,
        plugins=[LRSchedulerPlugin(schedule)],
        evaluator=EvaluationPlugin(
            accuracy_metrics(experience=True, stream=True),
            forgetting_metrics(experience=True),
            loggers=[TextLogger(log)],
        ),
    )


def split_mnist(root: Path) -> Any:
    return SplitMNIST(5, seed=0, return_task_id=True, dataset_root=root)


def permuted_mnist(root: Path) -> Any:
    return PermutedMNIST(3, seed=0, dataset_root=root)


@pytest.mark.parametrize("make", [split_mnist, permuted_mnist])
def test_a_stock_script(make: Callable[[Path], Any], root: Path, tmp_path: Path) -> None:
    benchmark = make(root)
    with (tmp_path / "log").open("w") as log:
        strategy = learner(log)
        for experience in list(benchmark.train_stream)[:3]:
            strategy.train(experience)
            metrics = strategy.eval(list(benchmark.test_stream)[:3])
    values = {k: v for k, v in metrics.items() if "eval_phase/test_stream" in k}
    forgetting = [v for k, v in values.items() if k.startswith("ExperienceForgetting")]
    accuracy = [v for k, v in values.items() if k.startswith("Top1_Acc_Exp")]
    assert len(accuracy) == 3
    if make is split_mnist:
        assert min(accuracy) > 0.85
        assert forgetting == [0.0, 0.0]
    else:  # all experiences have task label 0, so the task is inferred
        assert np.mean(accuracy) > 0.6
    assert (tmp_path / "log").read_text()


def test_rmn_needs_neither_harness_nor_baselines() -> None:
    script = "import sys, rmn; assert not {'harness', 'baselines'} & sys.modules.keys(), 'imported'"
    subprocess.run([sys.executable, "-c", script], check=True)


PAGE = Path(__file__).parents[2] / "docs" / "avalanche.md"


@pytest.mark.parametrize("labelled", [True, False])
def test_the_script_of_the_documentation_runs(
    labelled: bool, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it stands but for the folder of the images; and as the text says, without labels."""
    [script] = re.findall(r"(?ms)^```python\n(.*?)^```$", PAGE.read_text())
    if not labelled:
        script = script.replace("return_task_id=True", "return_task_id=False")
        script = script.replace("    plugins=", '    router="ridge-filters",\n    plugins=')
    stock = partial(SplitMNIST, dataset_root=root, fixed_class_order=list(range(10)))
    monkeypatch.setattr("avalanche.benchmarks.SplitMNIST", stock)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    exec(compile(script, PAGE.name, "exec"), {})
    printed = re.findall(r"Top1_Acc_Exp.*/Exp\d{3}: ([\d.]+)%", capsys.readouterr().out)
    assert len(printed) == 5
    assert min(map(float, printed)) > 70
