"""What was measured as Markdown, and its place on a page."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from harness.reporting.markdown_table import markdown_table
from harness.speed.subjects import OURS, PLAIN, stock_peer
from harness.storage.provenance import machine, origin

_HEAD: Final = (
    *("subject", "training, images/s (range)", "x plain loop", "x stock"),
    *("evaluation, images/s (range)", "x stock"),
)


def throughput_table(samples: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Medians with their range, and the ratios to the plain loop and to stock Avalanche.

    Args:
        samples: by subject, images trained on and evaluated per second.
    """
    medians = {
        name: [statistics.median(column) for column in zip(*taken, strict=True)]
        for name, taken in samples.items()
    }
    rows = []
    for name, taken in samples.items():
        cells = [name]
        for column in (0, 1):
            values = [sample[column] for sample in taken]
            spread = f"{min(values):,.0f}-{max(values):,.0f}"
            cells.append(f"{medians[name][column]:,.0f} ({spread})")
            if column == 0:
                cells.append(f"{medians[name][0] / medians[PLAIN][0]:.2f}")
            ratio = f"{medians[name][column] / medians[stock_peer(name)][column]:.1f}"
            cells.append(ratio if name.startswith(OURS) else "")
        rows.append(cells)
    return markdown_table(_HEAD, rows, words={0})


def circumstances(device: str, argv: Sequence[str]) -> str:
    """One sentence: machine, versions, commit and command.

    Args:
        device: "cpu" or "cuda".
        argv: of `harness.bench`.
    """
    import torch

    accelerator = torch.cuda.get_device_name() if device == "cuda" else ""
    here = machine(device, accelerator, 1)
    versions = ", ".join(f"{name} {version}" for name, version in here["versions"].items())
    source = origin(argv, "harness.bench")
    processors = ", ".join(dict.fromkeys([here["device_name"], here["cpu"]]))
    return (
        f"{processors}, one thread, {here['platform']}; {versions}; "
        f"commit {source['commit']}; `{source['command']}`."
    )


def insert(page: Path, device: str, text: str) -> None:
    """Put the text between the page's two marks of the device, or at its end.

    Args:
        page: a Markdown file, made if it is not there.
        device: "cpu" or "cuda".
        text: what was measured.
    """
    begin, end = (f"<!-- harness.bench on {device} {word} -->" for word in ("begins", "ends"))
    before, _, rest = (page.read_text() if page.exists() else "").partition(begin)
    _, _, after = rest.partition(end)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after or chr(10)}")
