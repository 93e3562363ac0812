"""`python -m harness.tune`: choose each method's settings on held-out data of the first tasks.

Every combination of a method's grids (`baselines.interface.setting`) is trained on the first tasks
of the stream, less the last tenth of their training examples, and scored on that tenth. Test data
and later tasks are never looked at. The choice goes to `harness/config/tuned/<benchmark>.json`,
where `harness.compare` finds it; the runs stay under results/<benchmark>/tuning.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from harness.cli.orchestration import FINISHED, INCOMPLETE, exit_status, make_missing
from harness.cli.progress_display import say
from harness.cli.tuning import TuningRequest, read_tuning
from harness.config.budgets import TUNING
from harness.config.tuned_settings import save_choices
from harness.storage import provenance


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
    from harness.analysis.tuning import UntriedError, choose
    from harness.storage import store

    config = request.config
    make_missing(request.runs, config, request.executor, log, retry_failed=True)
    rows = store.read(config.results, request.benchmark.name, TUNING).rows
    try:
        chosen = choose(request.runs, request.grids, rows)
    except UntriedError as error:
        say(log, f"{error}; see {config.results / request.benchmark.name / TUNING}")
        return INCOMPLETE
    save_choices(request.benchmark.name, chosen)
    Console().print_json(data={name: entry["settings"] for name, entry in chosen.items()})
    return FINISHED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
