"""`python -m harness.tune`: choose each method's settings on held-out data of the first tasks.

Every combination of a method's grids (`baselines.interface.setting`) is trained on the first tasks
of the stream, less the last tenth of their training examples, and scored on that tenth. Test data
and later tasks are never looked at. The choice goes to `harness/tuned/<benchmark>.json`, where
`harness.compare` finds it; the runs stay under results/<benchmark>/tuning.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from baselines.interface import Baseline
from baselines.registry import methods
from harness.cli.options import DATA_VARIABLE, count
from harness.cli.progress_display import INTERRUPTION, display
from harness.cli.request import RefusedArgumentError, check_known, check_told, data_folder
from harness.config.benchmarks import BENCHMARKS, Benchmark
from harness.config.plan import plan, suits
from harness.config.resolution import TUNED, resolve, tuned
from harness.config.run import Run
from harness.config.settings import SettingError, declared
from harness.config.suggestions import unknown
from harness.execution.local import RefusedError, cores, execute
from harness.execution.worker import Order
from harness.storage import provenance

PROFILE: Final = "tuning"

Grid = dict[str, tuple[Any, ...]]
"""The values to try of each setting."""


class UntriedError(Exception):
    """A candidate has no result, so that none can be chosen."""


def main(words: Sequence[str]) -> int:
    """Tune the methods that the words after the program's name ask for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    known = {
        name: method
        for name, method in methods().items()
        if grid(method) and not method.tuning_source  # such a method takes another one's choice
    }
    parser = _parser(known)
    given = parser.parse_args(words)
    try:
        benchmark, grids = _request(given, known)
        runs = [
            run
            for name in grids
            for run in candidates(known[name], grids[name], benchmark, given.seeds)
        ]
        _make(runs, given, benchmark, provenance.origin(words, "harness.tune"))
        chosen = choose(runs, grids, given.results, benchmark)
    except (SettingError, RefusedArgumentError, RefusedError) as error:
        parser.error(str(error))
    except UntriedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTION}\n")
        return 130
    _write(TUNED / f"{benchmark.name}.json", chosen)
    Console().print_json(data={name: entry["settings"] for name, entry in chosen.items()})
    return 0


def _request(
    given: argparse.Namespace, known: Mapping[str, type[Baseline]]
) -> tuple[Benchmark, dict[str, Grid]]:
    """The benchmark, and what to try of each method; names and files are checked.

    Raises:
        SettingError, RefusedArgumentError: something cannot be used; says what can.
    """
    check_known("benchmark", [given.benchmark], BENCHMARKS)
    benchmark = BENCHMARKS[given.benchmark]
    own = [name for name, method in known.items() if suits(benchmark, method)]
    names = given.methods.split(",") if given.methods else own
    check_known("method with a grid", names, known)
    check_told(benchmark, names, known)
    given.data = data_folder(given.data, benchmark)
    tuned(benchmark.name, TUNED)  # a damaged file must be found before hours of work, not after
    grids = {name: grid(known[name]) for name in names}
    return benchmark, grids | given_grids(given.grid, {name: known[name] for name in names})


def grid(method: type[Baseline]) -> Grid:
    """The values to try of each setting that has any."""
    fields = method.__dataclass_fields__
    return {name: f.metadata["grid"] for name, f in fields.items() if f.metadata.get("grid")}


def given_grids(words: Sequence[str], known: Mapping[str, type[Baseline]]) -> dict[str, Grid]:
    """The grids of `method.setting=value,value,...`; one that is given replaces a method's own.

    Raises:
        SettingError: a word is not of this form, or names no method that is tuned or no setting.
    """
    found: dict[str, Grid] = {}
    for word in words:
        left, equals, values = word.partition("=")
        name, dot, setting = left.partition(".")
        if not (equals and dot):
            raise SettingError(f"--grid {word}: write it as method.setting=value,value")
        if name not in known:
            raise SettingError(unknown("method to tune", name, known))
        if setting not in declared(known[name]):
            raise SettingError(unknown(f"setting of {name}", setting, declared(known[name])))
        found.setdefault(name, {})[setting] = tuple(values.split(","))
    return found


def candidates(
    method: type[Baseline], grid: Grid, benchmark: Benchmark, seeds: int
) -> Iterator[Run]:
    """One run for each combination of the grid's values and each seed.

    Raises:
        SettingError: a setting cannot have such a value.
    """
    from harness.storage import schema

    for combination in product(*grid.values()):
        texts = {name: str(value) for name, value in zip(grid, combination, strict=True)}
        settings = {method.name: resolve(method, {}, texts)}
        named = {method.name: method}
        yield from plan(benchmark, PROFILE, named, settings, seeds, schema.VERSION)


def choose(
    runs: Sequence[Run], grids: Mapping[str, Grid], results: Path, benchmark: Benchmark
) -> dict[str, dict[str, Any]]:
    """Per method, the settings with the best mean score and the scores of all candidates.

    The score is the mean task-aware accuracy over the tuning tasks after the last of them.

    Raises:
        UntriedError: a run has no result.
    """
    from harness.storage import schema, store

    rows = store.read(results, benchmark.name, PROFILE).rows
    final = rows[(rows["metric"] == "accuracy") & (rows["regime"] == schema.TASK_AWARE)]
    final = final[final["after"] == final["after"].max()]
    accuracy = final.groupby("run_id")["value"].mean()
    missing = [str(run) for run in runs if run.id not in accuracy.index]
    if missing:
        where = results / benchmark.name / PROFILE
        raise UntriedError(f"nothing is chosen: no result for {', '.join(missing)}; see {where}")
    chosen: dict[str, dict[str, Any]] = {}
    best: dict[str, float] = {}
    for run in runs:
        entry = chosen.setdefault(run.baseline, {"settings": {}, "scores": {}})
        tried = {name: run.settings[name] for name in grids[run.baseline]}
        label = ", ".join(f"{name}={value}" for name, value in tried.items())
        score = float(accuracy[[one.id for one in runs if _same_settings(one, run)]].mean())
        if score > best.get(run.baseline, -math.inf):
            best[run.baseline], entry["settings"] = score, tried
        entry["scores"][label] = round(score, 5)
    return chosen


def _same_settings(one: Run, other: Run) -> bool:
    return one.baseline == other.baseline and one.settings == other.settings


def _make(
    runs: Sequence[Run], given: argparse.Namespace, benchmark: Benchmark, origin: dict[str, Any]
) -> None:
    from harness.storage import store

    unmade = ("missing", "failed")  # damaged ones are left alone
    missing = [run for run in runs if store.status(given.results, run) in unmade]
    if missing:
        order = Order(given.results, given.data, given.device, origin)
        with display(Console(stderr=True), len(missing)) as watcher:
            execute(missing, order, given.jobs, watcher)


def _write(path: Path, chosen: Mapping[str, Any]) -> None:
    """Merge with what other methods have already; whole or not at all."""
    before = json.loads(path.read_text()) if path.exists() else {}
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({**before, **chosen}, indent=2, sort_keys=True) + "\n")
    unfinished.replace(path)


def _parser(known: Mapping[str, type[Baseline]]) -> argparse.ArgumentParser:
    description = (__doc__ or "").partition(": ")[2]
    parser = argparse.ArgumentParser(prog="python -m harness.tune", description=description)
    parser.add_argument("--benchmark", required=True, help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--methods", help=f"comma-separated, of {', '.join(known)} (default: all)")
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="METHOD.SETTING=VALUE,...",
        help="values to try instead of the method's own grid; may be repeated",
    )
    parser.add_argument("--seeds", type=count, default=2, help="seeds per candidate (default: 2)")
    parser.add_argument("--jobs", type=count, default=cores(), help="worker processes")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--data", type=Path, help=f"folder of the data sets (default: ${DATA_VARIABLE})"
    )
    parser.add_argument("--results", type=Path, default=Path("results"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
