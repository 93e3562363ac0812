"""Arguments that only look right: names, supervision, and folders on the disk."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.registry import methods
from harness.cli import options
from harness.cli.checks import (
    ArgumentError,
    check_compatible,
    chosen_executor,
    chosen_scenarios,
    data_folder,
    known_names,
    readable_folder,
    split_names,
    writable_folder,
)
from harness.config.benchmarks import BENCHMARKS
from harness.execution.executor import ExecutionConfig
from harness.execution.local import LocalExecutor
from harness.execution.ray import RayExecutor

MNIST, CIFAR = BENCHMARKS["split_mnist"], BENCHMARKS["split_cifar100"]
NAMES = st.text("abc", min_size=1, max_size=3)
BLANKS = st.sampled_from(["", " ", "  "])


@pytest.fixture(autouse=True)
def no_data_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMN_DATA", raising=False)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match="benchmark 'split_mnst'; did you mean 'split_mnist'"):
        known_names("benchmark", ["permuted_mnist", "split_mnst"], iter(BENCHMARKS))


def test_names_may_be_typed_in_any_case() -> None:
    typed = ["Split-MNIST", "permuted_mnist", "SPLIT_MNIST"]
    assert known_names("benchmark", typed, BENCHMARKS) == ["split_mnist", "permuted_mnist"]


def test_too_much_and_too_little_supervision_are_refused() -> None:
    known = methods()
    check_compatible(MNIST, ["rmn", "ewc"], known)
    with pytest.raises(ArgumentError, match="rmn_unsupervised is for streams without task labels"):
        check_compatible(MNIST, ["rmn_unsupervised"], known)
    with pytest.raises(ArgumentError, match=r"hat needs task labels, and .* has none") as refused:
        check_compatible(BENCHMARKS["split_mnist_fuzzy"], ["ewc", "hat"], known)
    _, _, proposed = str(refused.value).partition("--benchmark ")
    assert proposed.split(" or ") == [name for name, one in BENCHMARKS.items() if one.labelled]


def test_scenarios_are_those_of_the_benchmark_or_the_ones_named() -> None:
    assert chosen_scenarios(MNIST, None) == ("task-il", "class-il")
    assert chosen_scenarios(MNIST, "domain-il, task-il") == ("domain-il", "task-il")
    with pytest.raises(ArgumentError, match="unknown scenario 'clas-il'; did you mean 'class-il'"):
        chosen_scenarios(MNIST, "clas-il")
    with pytest.raises(ArgumentError, match="compared in class-il; try --scenario task-il or dom"):
        chosen_scenarios(BENCHMARKS["permuted_mnist"], "task-il,class-il")


@given(parts=st.lists(st.tuples(NAMES, BLANKS, BLANKS), min_size=1))
def test_names_are_split_at_commas_once_each(parts: list[tuple[str, str, str]]) -> None:
    names = split_names("--methods", ",,".join(left + name + right for name, left, right in parts))
    assert len(set(names)) == len(names)
    assert set(names) == {name for name, *_ in parts}
    assert names[0] == parts[0][0]


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_no_name_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="--methods names no method; separate several by"):
        split_names("--methods", text)


def test_a_given_folder_must_hold_the_data_set(tmp_path: Path) -> None:
    assert data_folder(None, CIFAR) is None
    with pytest.raises(ArgumentError, match=r"^--data: .*mnist\.npz is missing; leave out --data"):
        data_folder(tmp_path, MNIST)
    with pytest.raises(ArgumentError, match=r"^--data: .*cifar100\.npz is missing; put it there"):
        data_folder(tmp_path, CIFAR)
    (tmp_path / "cifar100.npz").touch()
    assert data_folder(tmp_path, CIFAR) == tmp_path


def test_the_environment_may_name_a_folder_for_the_sets_that_are_not_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RMN_DATA", str(tmp_path))
    assert data_folder(None, MNIST) is None
    with pytest.raises(ArgumentError, match=r"^RMN_DATA: .*cifar100\.npz is missing"):
        data_folder(None, CIFAR)
    (tmp_path / "mnist.npz").touch()
    assert data_folder(None, MNIST) == tmp_path
    other = tmp_path / "other"
    with pytest.raises(ArgumentError, match=r"^--data: .*other"):  # the option comes first
        data_folder(other, MNIST)


def test_a_folder_need_not_be_there_but_must_be_able_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "a" / "b"
    assert writable_folder("--results", below) == below
    assert not below.parent.exists()
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ArgumentError, match=r"--results: .*file is a file; name a folder"):
            writable_folder("--results", path)
    monkeypatch.setattr("os.access", lambda *_: False)  # the tests may run as root
    with pytest.raises(ArgumentError, match=r"--results: .* cannot be read and written"):
        writable_folder("--results", below)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    options.add_execution(parser)
    return parser.parse_args(words)


def test_an_executor_gets_the_options_that_were_given(config: ExecutionConfig) -> None:
    assert isinstance(chosen_executor(parsed(), config), LocalExecutor)
    words = ["--executor", "ray", "--address", "auto", "--gpus-per-run", "0.5"]
    assert isinstance(chosen_executor(parsed(*words), config), RayExecutor)


def test_an_option_of_another_executor_is_refused(config: ExecutionConfig) -> None:
    with pytest.raises(ArgumentError, match="--slurm-partition is for --executor slurm; add that"):
        chosen_executor(parsed("--slurm-partition", "gpu"), config)


def test_what_an_executor_lacks_is_said_with_its_name(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ArgumentError, match="--executor slurm: this machine has no srun"):
        chosen_executor(parsed("--executor", "slurm"), config)


@pytest.mark.parametrize("check", [readable_folder, writable_folder])
@pytest.mark.parametrize("name", ["x" * 300, "a/" + "y" * 256, "z" * 5000, "nul\0"])
def test_what_can_be_no_name_is_refused_in_few_words(
    check: Callable[[str, Path], Path], name: str, tmp_path: Path
) -> None:
    with pytest.raises(ArgumentError, match=r"^--results: .* cannot be a folder: ") as refused:
        check("--results", tmp_path / name)
    assert len(str(refused.value)) < 200


def test_a_read_only_folder_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda _, mode: not mode & os.W_OK)  # tests may run as root
    assert readable_folder("--results", tmp_path / "new") == tmp_path / "new"
    with pytest.raises(ArgumentError, match="cannot be read and written"):
        writable_folder("--results", tmp_path)
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ArgumentError, match="cannot be read; name another"):
        readable_folder("--results", tmp_path)


@pytest.mark.parametrize("below", ["", "below"])
def test_a_link_to_nothing_is_no_folder(below: str, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nothing")
    with pytest.raises(ArgumentError, match="link is a link to nothing"):
        readable_folder("--results", link / below)
