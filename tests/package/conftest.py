"""The wheel, built from the sdist and installed in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOREIGN = ("PYTHON", "RMN_", "VIRTUAL_ENV", "PYTEST", "COV_")
"""Begin the names of variables that a stranger has not set."""


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, of what git knows; the wheel from it is beside it."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"  # building leaves files behind, and takes up those of before
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("results/", "reports/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(source)], check=True, capture_output=True)
    [made] = folder.glob("*.tar.gz")
    return made


@pytest.fixture(scope="session")
def wheel(sdist: Path) -> Path:
    """The wheel, which is made from the source distribution."""
    [made] = sdist.parent.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment; the libraries are those of this one, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    # A folder that a .pth file adds has no .pth files read: this project's own, if it is installed
    # there in editable form, is not found.
    (Path(own) / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([str(python), *install], check=True)
    return folder


@pytest.fixture
def shell(environment: Path, tmp_path: Path) -> Callable[[str], str]:
    """Runs lines of bash in a folder outside the repository; gives what they print."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = {**kept, "PATH": path, "OMP_NUM_THREADS": "1"}

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout

    return run
