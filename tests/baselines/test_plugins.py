"""Plugins register themselves; one that is broken is named, and hides nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from baselines import plugins
from baselines.naive import Naive
from baselines.plugins import BrokenPluginWarning, Plugin, PluginError, import_again, import_plugin
from baselines.registration import withdraw
from baselines.registry import methods

pytestmark = pytest.mark.usefixtures("registrations")

METHOD = '''
from dataclasses import dataclass
from typing import ClassVar

from baselines.naive import Naive
from baselines.registry import register


@register
@dataclass(frozen=True)
class Outside(Naive):
    """Fine-tuning by another name."""

    name: ClassVar[str] = "{name}"
    title: ClassVar[str] = "{name}"
'''


def method(path: Path, name: str, more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(METHOD.format(name=name) + more)
    return path


def test_a_file_registers_its_method_once(tmp_path: Path) -> None:
    file = method(tmp_path / "tuned.py", "outside")
    found = import_plugin(str(file))
    assert import_plugin(str(file)) == found
    assert found == Plugin("harness_plugins.tuned", file, found.digest)
    assert issubclass(methods()["outside"], Naive)


def test_a_module_is_found_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method(tmp_path / "outside_package" / "deep.py", "outside")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one])
    assert import_plugin("outside_package.deep").module == "outside_package.deep"
    assert "outside" in methods()


def test_a_file_may_import_those_beside_it_and_hides_no_library(tmp_path: Path) -> None:
    (tmp_path / "outside_helper.py").write_text("NAME = 'outside'\n")
    (tmp_path / "random.py").write_text("raise RuntimeError('not the one of the library')\n")
    file = tmp_path / "main.py"
    source = METHOD.format(name="outside").replace('"outside"', "NAME")
    file.write_text(f"import random\nfrom outside_helper import NAME\n{source}")
    import_plugin(str(file))
    assert "outside" in methods()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nowhere/file.py", r"there is no file nowhere/file\.py"),
        ("", "no plugin is named; write my_package.my_method"),
        ("nowhere.module", r"there is no module 'nowhere'.*path/to/plugin\.py"),
        ("baselines.nothing", r"there is no module 'baselines\.nothing'"),
    ],
)
def test_what_is_not_there_is_named(text: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        import_plugin(text)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("undefined\n", r"broken\.py cannot be imported: NameError: .*\(broken\.py, line 16\)"),
        ("raise SystemExit\n", "SystemExit"),
        ("def f(:\n", "SyntaxError"),
        ("import no_such_library\n", "ModuleNotFoundError: No module named 'no_such_library'"),
        (METHOD.format(name="naive"), "ValueError: two methods are named 'naive'"),
    ],
)
def test_a_broken_file_is_named_and_registers_nothing(
    more: str, message: str, tmp_path: Path
) -> None:
    file = method(tmp_path / "broken.py", "outside", more)
    before = methods()
    with pytest.raises(PluginError, match=message):
        import_plugin(str(file))
    assert methods() == before
    method(file, "outside")  # mended
    import_plugin(str(file))
    assert "outside" in methods()


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    one = method(tmp_path / "one" / "same.py", "outside")
    other = method(tmp_path / "other" / "same.py", "outside_too")
    import_plugin(str(one))
    with pytest.raises(PluginError, match="have the same name; rename one"):
        import_plugin(str(other))


def test_a_name_of_ours_is_refused_to_the_plugin_even_if_it_is_imported_first(
    tmp_path: Path,
) -> None:
    file = method(tmp_path / "first.py", "ewc")
    script = (
        "from baselines.plugins import PluginError, import_plugin\n"
        "from baselines.registry import methods\n"
        f"try:\n    import_plugin({str(file)!r})\n"
        "except PluginError as error:\n    print(error)\n"
        "print(methods()['ewc'].__module__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    refused, kept = done.stdout.splitlines()
    assert "two methods are named 'ewc'" in refused
    assert kept == "baselines.ewc"


def test_another_process_imports_the_same_and_refuses_another(tmp_path: Path) -> None:
    file = method(tmp_path / "sent.py", "outside")
    sent = import_plugin(str(file))
    del sys.modules[sent.module]
    withdraw(sent.module)
    assert "outside" not in methods()
    import_again([sent])
    assert "outside" in methods()
    method(file, "outside", "# changed\n")
    with pytest.raises(PluginError, match="is another file here"):
        import_again([sent])


def test_where_code_comes_from_is_its_name_and_its_content(tmp_path: Path) -> None:
    file = method(tmp_path / "known.py", "outside")
    import_plugin(str(file))
    module = methods()["outside"].__module__
    name, digest = plugins.origin(module).split()
    assert (name, len(digest)) == ("known", 12)
    method(file, "outside", "# changed\n")
    assert plugins.origin(module) not in ("", f"known {digest}")
    assert {plugins.origin(one.__module__) for one in methods().values()} == {
        "",
        plugins.origin(module),
    }


def installed(folder: Path, package: str, points: str) -> None:
    """What pip leaves of a package that has entry points."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


def test_a_broken_entry_point_is_named_and_the_others_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method(tmp_path / "outside_good.py", "outside")
    method(tmp_path / "outside_bad.py", "outside_two", "undefined\n")
    method(tmp_path / "outside_taken.py", "naive")
    lines = [f"{name} = outside_{name}" for name in ("bad", "good", "taken", "absent")]
    groups = ["rmn_harness.methods", "rmn_harness.benchmarks"]
    points = "\n".join(line for group in groups for line in (f"[{group}]", *lines))
    installed(tmp_path, "outside-methods", points)
    monkeypatch.syspath_prepend(tmp_path)
    plugins._IMPORTED.clear()
    with pytest.warns(BrokenPluginWarning) as caught:
        found = methods()
    plugins.import_entry_points(plugins.BENCHMARKS)  # they are named once
    said = [str(one.message) for one in caught]
    assert len(said) == 3
    for message, name, why in zip(
        said,
        ("absent", "bad", "taken"),
        ("no module 'outside_absent'", "NameError", "two methods are named 'naive'"),
        strict=True,
    ):
        assert message.startswith(f"{name} of outside-methods is left out: ")
        assert why in message
    assert "outside" in found
    assert "outside_two" not in found
    assert found["naive"] is Naive
