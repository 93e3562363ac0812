"""Modules that register themselves are found by lying in a package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.config.discovery import import_modules


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on the path whose modules note that they were imported."""
    folder = tmp_path / "registering"
    folder.mkdir()
    (folder / "__init__.py").write_text("imported = []\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))  # what is imported is forgotten again
    return folder


def add_module(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("from registering import imported\n\nimported.append(__name__)\n")


def imported() -> list[str]:
    names: list[str] = sys.modules["registering"].imported
    return names


def test_modules_are_imported_in_alphabetical_order_and_once(package: Path) -> None:
    for name in ("second", "first", "third"):
        add_module(package / f"{name}.py")
    import_modules("registering")
    import_modules("registering")
    assert imported() == [f"registering.{name}" for name in ("first", "second", "third")]


def test_of_a_package_inside_only_the_package_itself_is_imported(package: Path) -> None:
    add_module(package / "inner" / "__init__.py")
    add_module(package / "inner" / "module.py")
    import_modules("registering")
    assert imported() == ["registering.inner"]


def test_a_module_that_cannot_be_imported_is_no_secret(package: Path) -> None:
    (package / "broken.py").write_text("raise RuntimeError('no such thing')\n")
    with pytest.raises(RuntimeError, match="no such thing"):
        import_modules("registering")
