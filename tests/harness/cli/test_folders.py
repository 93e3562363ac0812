"""Folders that options name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.arguments import ArgumentError
from harness.cli.folders import data_folder, readable_folder, writable_folder
from harness.config.benchmarks import BENCHMARKS

MNIST, CIFAR = BENCHMARKS["split_mnist"], BENCHMARKS["split_cifar100"]


@pytest.fixture(autouse=True)
def no_data_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RMN_DATA", raising=False)


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
