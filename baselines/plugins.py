"""Code of other packages that registers itself: found by entry points, or named by the user.

A plugin is a Python module that registers methods, benchmarks, networks, metrics, executors,
loggers or report formats when it is imported. Installed packages name theirs in entry points; a
user names any other as a module or a file. Worker processes import the same ones (`Plugin`).
"""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from baselines.registration import is_own, withdraw

METHODS: Final = "rmn_harness.methods"
BENCHMARKS: Final = "rmn_harness.benchmarks"
NETWORKS: Final = "rmn_harness.networks"
METRICS: Final = "rmn_harness.metrics"

NAME: Final = "[a-z][a-z0-9_]*"
"""What names look like that the command line and the folders of results can take."""

_OF_FILES: Final = "harness_plugins"
"""Package under which plugins that are named by a file are known."""
_DIGITS: Final = 12

_IMPORTED: Final[set[str]] = set()
_BROKEN: Final[dict[str, str]] = {}


class PluginError(Exception):
    """A plugin cannot be imported, or what it registers fails; the message names it."""


class BrokenPluginWarning(UserWarning):
    """A plugin of an installed package is left out, because it cannot be imported."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A module that every process which makes runs must import.

    Attributes:
        module: its name.
        file: where it is on the machine of the command.
        digest: of its content; another machine must have the same.
    """

    module: str
    file: Path
    digest: str


def check_name(kind: str, name: object) -> None:
    """Refuse a name that cannot be typed, or be that of a folder.

    Args:
        kind: of what has the name, such as "benchmark".
        name: what a plugin gives.

    Raises:
        ValueError: it is no such name; says which are.
    """
    if not isinstance(name, str) or not re.fullmatch(NAME, name):
        raise ValueError(
            f"a {kind} is named {name!r}; use lower-case letters, digits and underscores, which "
            "the command line and the folders of results can take"
        )


def import_plugin(text: str) -> Plugin:
    """Import a plugin that a user names.

    Args:
        text: a module such as my_package.my_method, or a file such as path/to/my_method.py.

    Raises:
        PluginError: it cannot be imported, or what it registers has a name that is taken.
    """
    if not text:
        raise PluginError("no plugin is named; write my_package.my_method, or path/to/file.py")
    if text.endswith(".py") or "/" in text or "\\" in text:
        return of_module(_import_file(Path(text)).__name__)
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:  # as if started by `python -m`
        sys.path.append(here)
    return of_module(_import_name(text).__name__)


def import_again(plugins: Iterable[Plugin]) -> None:
    """Import in this process what another one has imported.

    Raises:
        PluginError: a plugin is not here, or is another one.
    """
    for plugin in plugins:
        if plugin.module not in sys.modules:
            if plugin.module.startswith(f"{_OF_FILES}."):
                _import_file(plugin.file)
            else:
                folder = plugin.file.parents[_depth(plugin)]
                if str(folder) not in sys.path:
                    sys.path.append(str(folder))
                _import_name(plugin.module)
        if of_module(plugin.module).digest != plugin.digest:
            raise PluginError(
                f"the plugin {plugin.module} is another file here than on the machine of the "
                "command; put the same one on every machine"
            )


def import_entry_points(group: str) -> None:
    """Import what installed packages name in a group; each module once, whatever becomes of it.

    One that cannot be imported is named in a `BrokenPluginWarning`, and the others are imported.

    Args:
        group: one of `METHODS`, `BENCHMARKS`, `NETWORKS` and `METRICS`.
    """
    if group in _IMPORTED:
        return
    _IMPORTED.add(group)
    for point in sorted(entry_points(group=group), key=lambda one: (one.name, one.value)):
        if point.value in _BROKEN:  # named in another group as well
            continue
        try:
            _import_name(point.module)
        except PluginError as error:
            _BROKEN[point.value] = str(error)
            package = f" of {point.dist.name}" if point.dist else ""
            warnings.warn(
                f"{point.name}{package} is left out: {error}", BrokenPluginWarning, stacklevel=2
            )


def of_module(module: str) -> Plugin:
    """An imported module as a plugin for other processes.

    Raises:
        PluginError: it is no file, so that no other process can import it.
    """
    file = _file(module)
    if file is None:
        raise PluginError(
            f"what is registered in {module} is known in this session alone; put it into a file "
            "and import that, or name it by --plugin"
        )
    return Plugin(module, file.absolute(), _digest(file))


def origin(module: str) -> str:
    """What tells the code of a plugin from all other code of its name; "" for this project's own.

    The module's name and a digest of its file, such as "my_package.my_method 3f2a91c04d7e": runs of
    two plugins that give one name to their methods, or of one plugin before and after it was
    changed, are never taken for the same.
    """
    if is_own(module):
        return ""
    file, name = _file(module), module.removeprefix(f"{_OF_FILES}.")
    return f"{name} {_digest(file)}" if file else name


def on_one_line(error: BaseException) -> str:
    """Type and message of what a plugin's code raised."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _import_file(path: Path) -> ModuleType:
    """A file as a module of `_OF_FILES`; those beside it can be imported by their names.

    Raises:
        PluginError: there is no such file, it cannot be imported, or another one has its name.
    """
    if not path.is_file():
        raise PluginError(f"there is no file {path}")
    name = f"{_OF_FILES}.{path.stem}"
    known = _file(name)
    if known is not None:
        if known.resolve() != path.resolve():
            raise PluginError(f"{path} and {known} have the same name; rename one of the files")
        return sys.modules[name]
    spec = spec_from_file_location(name, path.absolute())
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file; its name must end in .py")
    folder = str(path.absolute().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that it hides no library
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        withdraw(name)
        raise PluginError(f"the plugin {path} cannot be imported: {_reason(error)}") from error
    return module


def _import_name(name: str) -> ModuleType:
    """A module by its name.

    Raises:
        PluginError: there is none, or it cannot be imported.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and f"{name}.".startswith(f"{error.name}."):
            raise PluginError(
                f"there is no module {error.name!r} for the plugin {name}; install it, or name "
                "the file: path/to/plugin.py"
            ) from error
        withdraw(name)
        raise PluginError(f"the plugin {name} cannot be imported: {_reason(error)}") from error
    except (Exception, SystemExit) as error:
        withdraw(name)
        raise PluginError(f"the plugin {name} cannot be imported: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """Type, message and place of what went wrong, on one line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{on_one_line(error)} ({Path(last.filename).name}, line {last.lineno})"


def _depth(plugin: Plugin) -> int:
    """How many folders the file of a plugin is below that from which it is imported."""
    return plugin.module.count(".") + (plugin.file.name == "__init__.py")


def _file(module: str) -> Path | None:
    """The file of an imported module; None if it has none, as that of a session has not."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file) if file and Path(file).is_file() else None


def _digest(file: Path) -> str:
    status = file.stat()
    return _digest_of(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _digest_of(file: Path, changed: int, size: int) -> str:
    """Of a file's content, which is read again when its time or size has changed."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:_DIGITS]
