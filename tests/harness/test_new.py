"""`harness.new` writes a file and its test, and overwrites nothing.

What it writes is run by `make package`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from baselines.plugins import import_plugin
from baselines.registry import methods
from harness import check, new
from harness.analysis.metrics.definition import metrics
from harness.config.benchmark_registry import benchmarks
from harness.config.networks import network_names

pytestmark = pytest.mark.usefixtures("registrations")

KNOWN: dict[str, Callable[[], Collection[str]]] = {
    "method": methods,
    "benchmark": benchmarks,
    "network": network_names,
    "metric": metrics,
}


@pytest.mark.parametrize("kind", KNOWN)
def test_what_it_writes_registers_itself(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"mine_{kind}"
    assert new.main([kind, name, "--folder", str(tmp_path / "there")]) == 0
    file, test = (tmp_path / "there" / one for one in (f"{name}.py", f"test_{name}.py"))
    said = capsys.readouterr().out
    assert f"wrote {file}\nwrote {test}\n" in said
    assert name not in KNOWN[kind]()
    import_plugin(str(file))
    assert name in KNOWN[kind]()
    compile(test.read_text(), str(test), "exec")
    assert "$" not in file.read_text() + test.read_text()


def test_what_it_writes_is_known_without_torch(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from harness import new\n"
        "from baselines.plugins import import_plugin\n"
        "for kind in new.KINDS:\n"
        "    name = f'mine_{kind}'\n"
        f"    new.main([kind, name, '--folder', {str(tmp_path)!r}])\n"
        f"    import_plugin({str(tmp_path)!r} + f'/{{name}}.py')\n"
        "sys.exit(1 if {'torch', 'avalanche'} & sys.modules.keys() else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["metod", "mine"], "unknown kind 'metod'"),
        (["method", "naive"], "there is a method 'naive' already"),
        (["benchmark", "split_mnist"], "there is a benchmark 'split_mnist' already"),
        (["network", "mlp"], "there is a network 'mlp' already"),
        (["metric", "acc"], "there is a metric 'acc' already"),
        (["method", "My-Method"], "write small letters, digits and _, such as my_method"),
        (["method", "class"], "cannot name a method"),
        (["method", "there"], "there.py is there already"),
        (["network", "json"], "json.py would hide the library json"),
        (["metric", "sys"], "such as my_sys"),
        (["method", "torch"], "choose another name, such as my_torch"),
        (["method", "mine", "--folder", ""], "the name is empty; write . for this folder"),
    ],
)
def test_what_cannot_be_written_is_refused(
    argv: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.py").write_text("mine")
    with pytest.raises(SystemExit) as ended:
        new.main(argv)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["there.py"]
    assert Path("there.py").read_text() == "mine"


def test_a_method_that_is_not_there_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        check.main(["naiv"])
    assert ended.value.code == 2
    assert "unknown method 'naiv'; did you mean 'naive'?" in capsys.readouterr().err
