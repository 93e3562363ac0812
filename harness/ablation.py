"""`python -m harness.ablation`: vary one thing of RMN at a time, and write what it makes of it.

Runs are stored like any others, in the profile `ablation`, and never made twice; the page is remade
from all that are there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from harness.cli.ablation import AblationRequest, read_ablation
from harness.cli.damage import about_damage
from harness.cli.exit_codes import FINISHED, INCOMPLETE
from harness.cli.orchestration import TO_RUN, exit_status, make_missing, states
from harness.cli.progress_display import say
from harness.config.budgets import ABLATION
from harness.config.run import Run
from harness.storage import provenance


def main(argv: Sequence[str]) -> int:
    """Make the runs that are missing and write the page; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    description = (__doc__ or "").partition(": ")[2]
    request = read_ablation(argv, provenance.origin(argv, "harness.ablation"), description)
    log = Console(stderr=True)
    return exit_status(lambda: _ablate(request, log), log)


def _ablate(request: AblationRequest, log: Console) -> int:
    from harness.analysis.ablation import measured  # imports pandas
    from harness.reporting.ablation_page import write_page

    if request.plan:
        return _show_plan(request)
    for name, (config, executor) in request.making.items():
        make_missing(_runs(request, name), config, executor, log, retry_failed=False)
    ablation = measured(request.results, request.planned)
    for line in about_damage(ablation.damaged, request.results):
        say(log, line)
    if ablation.cells.empty:
        say(log, f"no run of the ablation in {request.results}; {request.page} is left as it is")
        return INCOMPLETE
    write_page(ablation, request.page)
    say(Console(), str(request.page))
    left = [name for name in request.runs if _left(request, name)]
    for name in left:
        say(log, f"{name}: {_left(request, name)} runs have no result; the same command goes on")
    return INCOMPLETE if left or ablation.damaged else FINISHED


def _show_plan(request: AblationRequest) -> int:
    for name in request.runs:
        every = len(_runs(request, name))
        say(Console(), f"{name}: {_left(request, name)} of {every} runs to make.")
    return FINISHED


def _left(request: AblationRequest, benchmark: str) -> int:
    """Number of the benchmark's runs that are not stored."""
    from harness.storage import store

    survey = store.survey(request.results, benchmark, ABLATION)
    return states(_runs(request, benchmark), survey, retry_failed=False).count(TO_RUN)


def _runs(request: AblationRequest, benchmark: str) -> list[Run]:
    """Each once, also where several factors share it."""
    return list({one.run.id: one.run for one in request.runs[benchmark]}.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
