"""`python -m harness.tune`: choose each method's settings on held-out training data.

Optuna searches the settings that a method declares a range for (`baselines.interface.setting`), by
the same rules and with as many trials for every method (`harness.tuning`). Runs are over the whole
stream, less the last tenth of its training examples, on which they are scored, and with seeds that
no comparison has: test data are never looked at. Each study goes to results/<benchmark>/studies,
and what it chose to <output>/<benchmark>.json, for `harness.compare --tuned <output>`. The same
command goes on where an earlier one was interrupted.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness.cli.console import output
from harness.cli.exit_codes import FINISHED, INCOMPLETE
from harness.cli.orchestration import exit_status
from harness.cli.progress_display import say
from harness.cli.searching import searched
from harness.cli.study_display import edges, study_table
from harness.cli.tuning import TuningRequest, read_tuning
from harness.config.budgets import TUNING
from harness.config.run import Run
from harness.config.search_spaces import Search
from harness.config.tuned_settings import Choice
from harness.storage import provenance

if TYPE_CHECKING:
    from harness.storage.studies import Study
    from harness.tuning.ended_runs import Outcomes
    from harness.tuning.replay import Replay


def main(argv: Sequence[str]) -> int:
    """Tune the methods that the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    description = (__doc__ or "").partition(": ")[2]
    request = read_tuning(argv, provenance.origin(argv, "harness.tune"), description)
    log = Console(stderr=True)
    return exit_status(lambda: _tune(request, log), log)


def _tune(request: TuningRequest, log: Console) -> int:
    from harness.storage import studies
    from harness.tuning.choices import save_choices

    replays = _conduct(request, log)
    finished = [one.study for one in replays if one.study is not None]
    for study in finished:
        studies.save(request.config.results, study)
    if finished:
        saved = save_choices(request.benchmark.name, list(map(_choice, finished)), request.output)
        _show(finished, request, saved, log)
    where = request.config.results / request.benchmark.name / TUNING
    for search, replay in zip(request.searches, replays, strict=True):
        if replay.study is None:
            missing = ", ".join(map(str, replay.missing))
            say(
                log, f"nothing is chosen for {_named(search)}: no result for {missing}; see {where}"
            )
    return FINISHED if len(finished) == len(replays) else INCOMPLETE


def _conduct(request: TuningRequest, log: Console) -> list[Replay]:
    """Every study as far as it gets; those that need runs at the same time make them together."""
    from harness.tuning.replay import replay

    def advance(known: Outcomes) -> tuple[list[Replay], list[Run]]:
        replays = [replay(search, known) for search in request.searches]
        return replays, [run for one in replays for run in one.missing]

    return searched(advance, request.benchmark.name, request.config, request.executor, log)


def _choice(study: Study) -> Choice:
    return Choice(study.scenario, study.norm, study.method, study.settings, study.file)


def _show(finished: Sequence[Study], request: TuningRequest, saved: Path, log: Console) -> None:
    """Print every score and where the choices went; name those that a wider search might better."""
    from harness.storage.studies import FOLDER

    out = output()
    for study in finished:
        out.print(study_table(study))
        out.print()
        for line in edges(study):
            say(log, line)
    name = request.benchmark.name
    folder = request.config.results / name / FOLDER
    say(out, "Scores: average accuracy (%) after the last task, on held-out training data.")
    say(out, f"The choices are in {saved}, all trials in {folder}/.")
    say(
        out,
        f"To compare with them: python -m harness.compare --benchmark {name} "
        f"--tuned {shlex.quote(str(request.output))}",
    )


def _named(search: Search) -> str:
    return f"{search.method.name} in {search.scenario}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
