"""The quoted numbers, and a file of them that is wrong."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from harness.analysis.published import PAPER, QUOTED, Quoted, paper, read
from harness.config.benchmarks import BENCHMARKS
from harness.config.scenarios import allowed_scenarios, scenarios_of

HEAD = "benchmark,method,scenarios,value,source,comparable"
LINE = "split_mnist,rmn,task-il class-il,99.5 ± 0.2,a paper,as printed"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "quotes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_paper_is_quoted() -> None:
    both = ("task-il", "class-il")
    table = f"{PAPER}, Table 1"
    assert paper("split_mnist", "rmn") == Quoted(
        "split_mnist",
        "rmn",
        both,
        "99.5 ± 0.2",
        table,
        "with the task identity; the paper says without it too",
    )
    assert paper("split_mnist", "nothing") is None
    assert {quoted.source.partition(", ")[0] for quoted in QUOTED} == {PAPER}
    assert Counter(quoted.benchmark for quoted in QUOTED)["split_mnist"] == 9


def test_a_quote_stands_in_scenarios_that_its_benchmark_can_be_compared_in() -> None:
    for quoted in QUOTED:
        benchmark = BENCHMARKS[quoted.benchmark]
        assert set(quoted.scenarios) <= set(allowed_scenarios(benchmark))
        assert scenarios_of(benchmark)[0] in quoted.scenarios


def test_of_baselines_nothing_is_quoted_without_the_identity() -> None:
    """What the paper prints of them was measured with a head per task."""
    labelled = [quoted for quoted in QUOTED if BENCHMARKS[quoted.benchmark].labelled]
    without = {quoted.method for quoted in labelled if quoted.scenarios != ("task-il",)}
    assert without == {"rmn"}


def test_the_file_is_part_of_the_package() -> None:
    assert resources.files("harness.analysis").joinpath("published.csv").is_file()


def test_lines_are_read_in_their_order(tmp_path: Path) -> None:
    second = 'split_mnist,hat,task-il,99,"a paper, Table 1",as printed'
    one, two = read(written(tmp_path, HEAD, LINE, second))
    assert one.scenarios == ("task-il", "class-il")
    assert (two.method, two.value, two.source) == ("hat", "99", "a paper, Table 1")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([LINE], "line 1: the columns must be benchmark,method"),
        ([], "line 1"),
        ([HEAD, LINE.replace("split_mnist", "split_mnst")], "line 2: .*mean 'split_mnist'"),
        ([HEAD, LINE.replace("class-il", "clas-il")], "line 2: .*mean 'class-il'"),
        ([HEAD, LINE.replace("99.5", "99,5")], "line 2: 6 columns"),
        ([HEAD, LINE.replace("99.5", "about 99")], "line 2: 'about 99 ± 0.2' is no percentage"),
        ([HEAD, LINE.replace("99.5", "995")], "line 2: '995 ± 0.2' is no percentage"),
        ([HEAD, LINE.replace("a paper", "")], "line 2: 6 columns must be filled in"),
        ([HEAD, LINE, LINE], "line 3: split_mnist rmn is there twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=f"quotes.csv, {message}"):
        read(written(tmp_path, *lines))
