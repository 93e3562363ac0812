"""`python -m harness.bench`: how fast we train beside stock Avalanche and a plain loop.

Each subject (`harness.speed.subjects`) runs in a process of its own, in turn, several times over,
so that a change of the machine's speed meets all of them alike. Ratios of medians are what counts.
Then comes the overhead of masks on larger networks; on a CPU, of many tasks, and how busy a
comparison keeps the cores.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from harness.cli import options
from harness.cli.parser import CommandParser
from harness.config.devices import DEVICES
from harness.execution.cores import cores
from harness.speed import page, sampling
from harness.speed.sampling import Samples
from harness.speed.subjects import SUBJECTS


def main(argv: Sequence[str]) -> int:
    """Measure, print the tables and put them into the page; the exit status.

    Raises:
        SystemExit: for a wrong argument and for --help.
    """
    parser = CommandParser(prog="python -m harness.bench", description=__doc__)
    add = parser.add_argument
    add(
        "--repeats",
        type=options.count,
        default=5,
        metavar="N",
        help="runs of each subject (default: 5)",
    )
    add("--device", choices=DEVICES, default="cpu", help="(default: cpu)")
    add(
        "--page",
        type=options.path,
        metavar="FILE",
        default=Path("docs/performance.md"),
        help="takes the tables between its marks of the device (default: docs/performance.md)",
    )
    add("--one", choices=SUBJECTS, help="measure one subject, here and now, as JSON")
    args = parser.parse_args(argv)
    if args.device == "cuda" and not _has_cuda():
        parser.error("torch sees no CUDA device; use --device cpu")
    if args.one:
        sys.stdout.write(json.dumps(sampling.measure_here(args.one, args.device)) + "\n")
        return 0
    console = Console(stderr=True)
    names = track(sampling.turns(args.repeats), console=console, description="measuring")
    samples = sampling.collect(names, args.device)
    parts = []
    for part in _parts(samples, args.device, argv):
        Console(width=140).print(part, markup=False)
        parts.append(part)
    page.insert(args.page, args.device, "\n\n".join(parts))
    return 0


def _parts(samples: Samples, device: str, argv: Sequence[str]) -> Iterator[str]:
    """Tables, each as soon as it is measured, and what they were measured with."""
    import torch

    from harness.speed import overhead

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    yield page.throughput_table(samples)
    yield overhead.steps(torch.device(device))
    if device == "cpu":
        yield overhead.tasks()
        yield overhead.use_of_cores(cores())
    yield page.circumstances(device, argv)


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
