"""`python -m harness.study`: search settings of a method and its budget as a file says, and report.

Grid, random or TPE search (Optuna), perhaps with successive halving by task (ASHA). Every trial is
stored as runs like any others, in the profile of tuning: on held-out training data, with seeds that
no comparison has. The same command goes on where an earlier one was interrupted; the report has the
importances of the settings and the curves.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from harness.cli.exit_codes import FINISHED, INCOMPLETE
from harness.cli.orchestration import exit_status
from harness.cli.progress_display import say
from harness.cli.searching import searched
from harness.cli.study import StudyRequest, read_study_request
from harness.config.run import Run
from harness.storage import provenance

if TYPE_CHECKING:
    from harness.tuning.ended_runs import Outcomes
    from harness.tuning.trials import Progress


def main(argv: Sequence[str]) -> int:
    """Do what the command line asks for; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    description = (__doc__ or "").partition(": ")[2]
    request = read_study_request(argv, provenance.origin(argv, "harness.study"), description)
    log = Console(stderr=True)
    return exit_status(lambda: _study(request, log), log)


def _study(request: StudyRequest, log: Console) -> int:
    from harness.reporting.study_report import study_report  # pandas, Optuna, matplotlib
    from harness.reporting.writer import write
    from harness.tuning.trials import best

    reached = _conduct(request, log)
    if reached.trials:
        report = study_report(request.plan, reached.trials)
        for ending in request.formats:
            say(Console(), str(write(report, ending, request.reports)))
    chosen = best(request.plan, reached.trials)
    if chosen:
        values = " ".join(f"--set {name}={value}" for name, value in chosen.settings.items())
        accuracy = f"{chosen.accuracies[-1]:.2%} held out"
        say(Console(), f"best: {accuracy}, trial {chosen.number}: {values}")
    if reached.missing:
        missing = ", ".join(map(str, reached.missing))
        say(log, f"the study is not finished: no result for {missing}; the same command goes on")
    return INCOMPLETE if reached.missing else FINISHED


def _conduct(request: StudyRequest, log: Console) -> Progress:
    """The study as far as it gets."""
    from harness.tuning.trials import progress

    def advance(known: Outcomes) -> tuple[Progress, Sequence[Run]]:
        reached = progress(request.plan, known)
        return reached, reached.missing

    return searched(advance, request.plan.benchmark.name, request.config, request.executor, log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
