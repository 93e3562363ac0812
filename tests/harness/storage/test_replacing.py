"""What stands in a file's or folder's place while it is written anew, and when that fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.storage.replacing import replacing


def write_file(path: Path, content: str) -> None:
    path.write_text(content)


def write_folder(path: Path, content: str) -> None:
    path.mkdir()
    (path / content).touch()


def content(path: Path) -> str:
    return next(path.iterdir()).name if path.is_dir() else path.read_text()


kinds = pytest.mark.parametrize("write", [write_file, write_folder])


@kinds
@pytest.mark.parametrize("write_old", [write_file, write_folder])
def test_the_new_takes_the_place_of_the_old_at_the_end(
    write: Callable[[Path, str], None], write_old: Callable[[Path, str], None], tmp_path: Path
) -> None:
    path = tmp_path / "a.b"
    write_old(path, "old")
    with replacing(path) as unfinished:
        write(unfinished, "new")
        assert content(path) == "old"
    assert content(path) == "new"
    assert list(tmp_path.iterdir()) == [path]


@kinds
def test_the_old_stays_where_writing_fails(
    write: Callable[[Path, str], None], tmp_path: Path
) -> None:
    path = tmp_path / "a.b"
    write(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as unfinished:  # noqa: PT012
        write(unfinished, "new")
        1 / 0  # noqa: B018
    assert content(path) == "old"
    assert list(tmp_path.iterdir()) == [path]


@kinds
def test_what_a_killed_process_left_is_written_over(
    write: Callable[[Path, str], None], tmp_path: Path
) -> None:
    path = tmp_path / "a.b"
    write(tmp_path / ".a.b.unfinished", "left")
    with replacing(path) as unfinished:
        write(unfinished, "new")
    assert content(path) == "new"
    assert list(tmp_path.iterdir()) == [path]
