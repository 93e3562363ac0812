"""`harness.bench` as a command; what it measures takes minutes and is replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import torch

from harness import bench
from harness.speed import overhead, sampling
from harness.speed.sampling import Samples
from harness.speed.subjects import SUBJECTS


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of what was measured, in this order; later tests count in denormal numbers again."""
    measured: list[str] = []

    def collect(names: Iterable[str], device: str) -> Samples:
        measured.extend(names)
        return {name: [(100.0, 10.0)] for name in SUBJECTS}

    monkeypatch.setattr(sampling, "collect", collect)
    monkeypatch.setattr(overhead, "steps", lambda device: f"steps on {device}")
    monkeypatch.setattr(overhead, "tasks", lambda: "many tasks")
    monkeypatch.setattr(overhead, "use_of_cores", lambda jobs: "use of cores")
    yield measured
    torch.set_flush_denormal(False)


def test_every_part_is_printed_and_put_into_the_page(
    measured: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    assert bench.main(["--repeats", "2", "--page", str(page)]) == 0
    assert measured == [*SUBJECTS, *SUBJECTS]
    printed, written = capsys.readouterr().out, page.read_text()
    for part in ("| our rmn |", "steps on cpu", "many tasks", "use of cores", "--page page.md`."):
        assert part in printed
        assert part in written


def test_one_subject_is_measured_here_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sampling, "measure_here", lambda name, device: (len(name), len(device)))
    assert bench.main(["--one", "our rmn"]) == 0
    assert json.loads(capsys.readouterr().out) == [7, 3]


def test_a_device_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "_has_cuda", lambda: False)
    with pytest.raises(SystemExit):
        bench.main(["--device", "cuda"])
    assert "torch sees no CUDA device; use --device cpu" in capsys.readouterr().err
