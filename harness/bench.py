"""`python -m harness.bench`: how fast we train beside stock Avalanche and a plain loop.

Each subject (`harness.speed.throughput`) runs in a process of its own, in turn, several times over,
so that a change of the machine's speed meets all of them alike. Ratios of medians are what counts.
Then comes the cost of masks on larger networks; on a CPU, of many tasks, and how busy a comparison
keeps the cores.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import track

from harness.execution.cores import cores
from harness.storage.provenance import machine, origin

NAMES: Final = (
    "plain loop",
    "stock naive",
    "our naive",
    "stock ewc",
    "our ewc",
    "stock si",
    "our si",
    "stock mas",
    "our mas",
    "our hat",
    "our rmn",
)
DEVICES: Final = ("cpu", "cuda")

Samples = dict[str, list[tuple[float, float]]]


def main(words: Sequence[str]) -> int:
    """Measure, print the table and put it into the page; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m harness.bench", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each subject (default: 5)")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="(default: cpu)")
    parser.add_argument(
        "--page",
        type=Path,
        default=Path("docs/performance.md"),
        help="takes the tables between its marks of the device (default: docs/performance.md)",
    )
    parser.add_argument("--one", choices=NAMES, help="measure one subject, here and now, as JSON")
    given = parser.parse_args(words)
    if given.device == "cuda" and not _has_cuda():
        parser.error("torch sees no CUDA device; use --device cpu")
    if given.one:
        sys.stdout.write(json.dumps(_measure(given.one, given.device)) + "\n")
        return 0
    samples: Samples = {name: [] for name in NAMES}
    turns = [name for _ in range(given.repeats) for name in NAMES]
    for name in track(turns, console=Console(stderr=True), description="measuring"):
        samples[name].append(_in_its_own_process(name, given.device))
    parts = []
    for part in _parts(samples, given.device, words):
        Console(width=140).print(part, markup=False)
        parts.append(part)
    _into_page(given.page, given.device, "\n\n".join(parts))
    return 0


def _parts(samples: Samples, device: str, words: Sequence[str]) -> Iterator[str]:
    """Tables, each as soon as it is measured, and what they were measured with."""
    import torch

    from harness.speed import overhead as costs

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    yield table(samples)
    yield "\n".join(costs.steps(torch.device(device)))
    if device == "cpu":
        yield "\n".join(costs.tasks())
        yield "\n".join(costs.use_of_cores(cores()))
    yield _circumstances(device, words)


def table(samples: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Medians with their range, and the ratios to the plain loop and to stock, as Markdown."""
    medians = {
        name: [statistics.median(column) for column in zip(*taken, strict=True)]
        for name, taken in samples.items()
    }
    lines = [
        "| subject | training, images/s (range) | x plain loop | x stock | "
        "evaluation, answers/s (range) | x stock |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, taken in samples.items():
        peer = name.replace("our ", "stock ")
        if peer not in medians:
            peer = "stock naive"  # Avalanche has no such method
        cells = [name]
        for column in (0, 1):
            values = [sample[column] for sample in taken]
            spread = f"{min(values):,.0f}-{max(values):,.0f}"
            cells.append(f"{medians[name][column]:,.0f} ({spread})")
            if column == 0:
                cells.append(f"{medians[name][0] / medians['plain loop'][0]:.2f}")
            ratio = f"{medians[name][column] / medians[peer][column]:.1f}"
            cells.append(ratio if name.startswith("our ") else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _measure(name: str, device: str) -> tuple[float, float]:
    import torch

    from harness.speed.throughput import SUBJECTS, warm_up

    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    gc.freeze()  # both as our workers do; it is fair to give them to all
    where = torch.device(device)
    warm_up(where)
    with tempfile.TemporaryDirectory() as folder:
        rates = SUBJECTS[name](Path(folder), where)
    return rates.training, rates.evaluation


def _in_its_own_process(name: str, device: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "harness.bench", "--one", name, "--device", device]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"measuring {name} failed:\n{done.stderr[-2000:]}")
    training, evaluation = json.loads(done.stdout.splitlines()[-1])
    return training, evaluation


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _circumstances(device: str, words: Sequence[str]) -> str:
    import torch

    accelerator = torch.cuda.get_device_name() if device == "cuda" else ""
    here = machine(device, accelerator, 1)
    versions = ", ".join(f"{name} {version}" for name, version in here["versions"].items())
    source = origin(words, "harness.bench")
    processors = ", ".join(dict.fromkeys([here["device_name"], here["cpu"]]))
    return (
        f"{processors}, one thread, {here['platform']}; {versions}; "
        f"commit {source['commit']}; `{source['command']}`."
    )


def _into_page(page: Path, device: str, text: str) -> None:
    """Put the text between the page's two marks of the device, or at its end."""
    begin, end = (f"<!-- harness.bench on {device} {word} -->" for word in ("begins", "ends"))
    before, _, rest = (page.read_text() if page.exists() else "").partition(begin)
    _, _, after = rest.partition(end)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after or chr(10)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
