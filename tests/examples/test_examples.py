"""Every script in examples/ runs; with a small budget where one is named here."""

import re
import runpy
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

ARGUMENTS = {
    "compare_methods.py": ["--methods", "rmn,naive", "--profile", "smoke", "--seeds", "2"],
    "masks_and_overlap.py": ["--train-per-digit", "64", "--epochs", "2"],
    "packaged_network.py": ["--train-per-digit", "16", "--epochs", "1", "--tasks", "2"],
    "rmn_in_avalanche.py": ["--train-per-digit", "128"],
    "split_mnist.py": ["--train-per-digit", "64"],
    "vision_transformer.py": ["--train-per-digit", "32", "--epochs", "1"],
}
OUTPUT = {
    "compare_methods.py": r"(?s)task-il +Naive +[\d.]+%.*class-il +max-logit +RMN +[\d.]+%",
    "masks_and_overlap.py": r"(?s)classifier: 1000 weights.*overlap.*100\.0%( +\d+\.\d%){4}\n",
    "packaged_network.py": r"(?s)57 weights with mappings.*task 1: accuracy [\d.]+%",
    "rmn_in_avalanche.py": r"average accuracy [89]\d\.\d%, forgetting 0\.0%",
    "split_mnist.py": r"task 4: digits 8 and 9, 128 training and 200 test images",
    "vision_transformer.py": r"(?s)uses [\d.]+% of the weights.*after each: ([\d.]+%)(, \1){4}\n",
}


@pytest.mark.parametrize("script", sorted(path.name for path in EXAMPLES.glob("*.py")))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_example_runs(
    script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(EXAMPLES))  # as if started by `python examples/...`
    monkeypatch.setattr(sys, "argv", [script, *ARGUMENTS.get(script, [])])
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    assert re.search(OUTPUT.get(script, r"\S"), capsys.readouterr().out)
