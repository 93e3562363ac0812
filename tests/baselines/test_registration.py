"""Registries: what is in them, what is refused, and how modules that register are found."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from baselines import registration
from baselines.registration import Registry, import_modules, withdraw


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


@pytest.fixture
def registry(package: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[str]:
    """Of names of modules; the package registers "ours" when it is imported."""
    monkeypatch.setattr(registration, "_REGISTRIES", [])
    made = Registry[str]("things", str, "registering", reserved=("kept",))
    package.joinpath("__init__.py").write_text("registry = None\n")
    package.joinpath("own.py").write_text(
        "import registering\n\nregistering.registry.add('ours', 'harness.own')\n"
    )
    monkeypatch.syspath_prepend(package.parent)
    sys.modules.pop("registering", None)
    vars(importlib.import_module("registering"))["registry"] = made
    return made


@pytest.mark.parametrize("taken", ["ours", "kept"])
def test_a_name_of_ours_is_refused_to_what_comes_first(registry: Registry[str], taken: str) -> None:
    with pytest.raises(ValueError, match=f"two things are named '{taken}'; give that of outside"):
        registry.add(taken, "outside")
    assert registry.known() == {"ours": "harness.own"}


def test_what_a_module_has_registered_anywhere_can_be_withdrawn(registry: Registry[str]) -> None:
    registry.add("one", "outside.broken")
    registry.add("other", "outside")
    withdraw("outside.broken")
    assert registry.known() == {"ours": "harness.own", "other": "outside"}


def test_what_is_known_is_a_copy(registry: Registry[str]) -> None:
    registry.known().clear()
    assert registry.known() == {"ours": "harness.own"}
