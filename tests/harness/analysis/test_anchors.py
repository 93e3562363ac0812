"""Published numbers beside ours, and a file of them that is wrong."""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.anchors import ANCHORS, Anchor, beside_published, read
from harness.config.benchmarks import BENCHMARKS

HEAD = "source,table,benchmark,scenario,architecture,epochs,method,value,spread"
LINE = "a paper,Table 1,split_mnist_hsu,task-il,an MLP,4,ewc,97.70,0.81"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "anchors.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_file_is_part_of_the_package() -> None:
    assert resources.files("harness.analysis").joinpath("anchors.csv").is_file()


def test_every_anchor_is_of_what_its_benchmark_compares_by_default() -> None:
    for anchor in ANCHORS:
        benchmark = BENCHMARKS[anchor.benchmark]
        assert anchor.scenario in benchmark.scenarios
        assert anchor.method in benchmark.methods
    with_anchors = {(anchor.benchmark, anchor.method) for anchor in ANCHORS}
    benchmarks = [one for one in BENCHMARKS.values() if one.methods]
    assert with_anchors == {(one.name, name) for one in benchmarks for name in one.methods}


def test_a_line_is_an_anchor(tmp_path: Path) -> None:
    [anchor] = read(written(tmp_path, HEAD, LINE))
    assert anchor == Anchor(
        "a paper", "Table 1", "split_mnist_hsu", "task-il", "an MLP", "4", "ewc", 97.7, "0.81"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (LINE.replace("_hsu", "_hso"), r"line 3: .*did you mean 'split_mnist_hsu'"),
        (LINE.replace("task-il", "task-ill"), r"line 3: .*did you mean 'task-il'"),
        (LINE.replace("97.70", "197"), r"line 3: 197 is no percentage"),
        (LINE.replace("97.70", "high"), r"line 3: .*high"),
        (LINE.replace("an MLP", ""), r"line 3: .*must be filled in"),
        (LINE, r"line 3: split_mnist_hsu task-il ewc is there twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    first = LINE if line == LINE else LINE.replace("ewc", "si")
    with pytest.raises(ValueError, match=message):
        read(written(tmp_path, HEAD, first, line))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 1: the columns must be source,table,"):
        read(written(tmp_path, "source,value", "a paper,97"))


def test_ours_are_means_over_seeds_beside_the_published(tmp_path: Path) -> None:
    anchors = read(written(tmp_path, HEAD, LINE, LINE.replace("ewc", "si")))
    keys = {"benchmark": "split_mnist_hsu", "scenario": "task-il", "method": "ewc"}
    others = [{**keys, "scenario": "class-il"}, {**keys, "method": "mas"}]
    measured = pd.DataFrame(
        [{**keys, "value": 0.97}, {**keys, "value": 0.99}, *({**one, "value": 0} for one in others)]
    )
    ewc, si = beside_published(anchors, measured)
    assert (ewc.anchor, ewc.seeds) == (anchors[0], 2)
    assert ewc.ours == pytest.approx(98)
    assert ewc.half_width == pytest.approx(12.71, abs=0.01)  # of Student's t with two seeds
    assert ewc.difference == pytest.approx(0.3)
    assert (si.anchor, si.seeds) == (anchors[1], 0)
    assert math.isnan(si.ours)
    assert math.isnan(si.difference)
