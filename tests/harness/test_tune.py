"""`harness.tune` as a command, on the committed runs: nothing is trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import tune
from harness.config.tuned_settings import TUNED, save_choices, tuned
from harness.execution.local import LocalExecutor
from harness.storage.provenance import ROOT

ARGV = ["--benchmark", "split_mnist", "--methods", "si,hat", "--seeds", "1"]
COMMITTED = ["--results", str(ROOT / "results")]


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalExecutor, "run", lambda *_: pytest.fail("a run is missing"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where choices go, in place of those that are committed."""

    def save(benchmark: str, chosen: dict[str, object]) -> None:
        save_choices(benchmark, chosen, tmp_path)

    monkeypatch.setattr(tune, "save_choices", save)
    return tmp_path


def test_the_committed_choice_is_what_the_committed_runs_give(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    committed = json.loads((TUNED / "split_mnist.json").read_text())
    file = folder / "split_mnist.json"
    file.write_text('{"ewc": {"settings": {"ewc_lambda": 7.0}, "scores": {}}}')
    assert tune.main([*ARGV, *COMMITTED]) == 0
    chosen = json.loads(file.read_text())
    assert {name: chosen[name] for name in ("si", "hat")} == {
        name: committed[name] for name in ("si", "hat")
    }
    assert tuned("split_mnist", folder)["ewc"] == {"ewc_lambda": 7.0}  # others' choices stay
    printed = json.loads(capsys.readouterr().out)
    assert printed == {name: committed[name]["settings"] for name in ("si", "hat")}


def test_nothing_is_chosen_while_a_candidate_has_no_result(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tune, "make_missing", lambda *_, **__: None)  # as if every run had failed
    results = tmp_path / "results"
    assert tune.main([*ARGV, "--results", str(results)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("nothing is chosen: no result for ")
    assert "hat[lamb=0.1, learning_rate=0.2] seed 0" in said
    assert said.endswith(f"; see {results}/split_mnist/tuning\n")
    assert list(folder.glob("*.json")) == []
