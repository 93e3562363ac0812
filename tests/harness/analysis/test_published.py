"""The quoted numbers, and a file of them that is wrong."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from harness.analysis.published import PAPER, QUOTED, Quoted, paper, read

HEAD = "benchmark,method,scenarios,value,source,comparable"
LINE = "split_mnist,rmn,task-aware task-agnostic,99.5 ± 0.2,a paper,as printed"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "quotes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_paper_is_quoted() -> None:
    both = ("task-il", "task-agnostic")
    table = f"{PAPER}, Table 1"
    assert paper("split_mnist", "rmn") == Quoted(
        "split_mnist", "rmn", both, "99.5 ± 0.2", table, "task-aware; the paper says both"
    )
    assert paper("split_mnist", "nothing") is None
    assert {quoted.source.partition(", ")[0] for quoted in QUOTED} == {PAPER}
    assert Counter(quoted.benchmark for quoted in QUOTED)["split_mnist"] == 9


@pytest.mark.parametrize("benchmark", ["split_cifar100", "split_cifar100_20", "split_omniglot"])
def test_baselines_with_heads_stand_beside_both_forms_of_a_benchmark(benchmark: str) -> None:
    def heads(name: str) -> list[tuple[str, str]]:
        mine = [quoted for quoted in QUOTED if quoted.benchmark == name]
        text = "task-aware, one head per task"
        return [(quoted.method, quoted.value) for quoted in mine if quoted.comparable == text]

    assert heads(f"{benchmark}_heads") == heads(benchmark) != []


def test_the_file_is_part_of_the_package() -> None:
    assert resources.files("harness.analysis").joinpath("published.csv").is_file()


def test_lines_are_read_in_their_order(tmp_path: Path) -> None:
    second = 'split_mnist,hat,task-aware,99,"a paper, Table 1",as printed'
    one, two = read(written(tmp_path, HEAD, LINE, second))
    assert one.scenarios == ("task-il", "task-agnostic")
    assert (two.method, two.value, two.source) == ("hat", "99", "a paper, Table 1")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([LINE], "line 1: the columns must be benchmark,method"),
        ([], "line 1"),
        ([HEAD, LINE.replace("split_mnist", "split_mnst")], "line 2: .*mean 'split_mnist'"),
        ([HEAD, LINE.replace("task-agnostic", "agnostic")], "line 2: .*mean 'task-agnostic'"),
        ([HEAD, LINE.replace("99.5", "99,5")], "line 2: 6 columns"),
        ([HEAD, LINE.replace("99.5", "about 99")], "line 2: 'about 99 ± 0.2' is no percentage"),
        ([HEAD, LINE.replace("99.5", "995")], "line 2: '995 ± 0.2' is no percentage"),
        ([HEAD, LINE.replace("a paper", "")], "line 2: 6 columns must be filled in"),
        ([HEAD, LINE, LINE], "line 3: rmn on split_mnist is quoted twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=f"quotes.csv, {message}"):
        read(written(tmp_path, *lines))
