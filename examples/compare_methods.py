"""Compare methods from Python: train them over several seeds and get the results as a data frame.

    python examples/compare_methods.py --methods rmn,ewc,naive

The commands do the work, so that worker processes, stored runs and going on after an interruption
are what they are on the command line: give `--results` a folder that stays, and finished runs are
never made again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd


def compare(
    methods: str, *, benchmark: str, profile: str, seeds: int, results: Path
) -> pd.DataFrame:
    """Train what is missing and read the report.

    Args:
        methods: their names, separated by commas.
        benchmark: its name.
        profile: the training budget's name.
        seeds: how many, from 0 on.
        results: folder of finished runs.

    Returns:
        One row for each method, scenario and metric: `mean_in_unit` over the seeds, and the
        `half_width_in_unit` of its 95 % confidence interval.

    Raises:
        subprocess.CalledProcessError: a command failed; it has said why on stderr.
    """
    what = ["--benchmark", benchmark, "--profile", profile, "--results", str(results)]
    with tempfile.TemporaryDirectory() as reports:
        runs = ["--methods", methods, "--seeds", str(seeds), "--no-report"]
        _run("compare", *what, *runs)
        _run("report", *what, "--reports", reports, "--format", "csv")
        (report,) = Path(reports).glob("*.csv")
        return pd.read_csv(report)


def _run(command: str, *arguments: str) -> None:
    program = [sys.executable, "-m", f"harness.{command}", *arguments]
    subprocess.run(program, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """Print the average accuracies in each scenario, best first."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--methods", default="rmn,ewc,naive", metavar="A,B")
    parser.add_argument("--benchmark", default="split_mnist", metavar="NAME")
    parser.add_argument("--profile", default="default", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--results", type=Path, help="folder of runs (default: a temporary one)")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        table = compare(
            args.methods,
            benchmark=args.benchmark,
            profile=args.profile,
            seeds=args.seeds,
            results=args.results or Path(folder),
        )
    accuracy = table[table["metric"] == "acc"].sort_values(
        ["scenario", "mean_in_unit"], ascending=False
    )
    accuracy = accuracy.rename(columns={"mean_in_unit": "mean", "half_width_in_unit": "±"})
    columns = ["scenario", "rule", "title", "mean", "±"]
    percent = dict.fromkeys(["mean", "±"], "{:.1%}".format)
    print(f"average accuracy on {args.benchmark}, profile {args.profile}, {args.seeds} seeds")
    print(accuracy[columns].fillna("").to_string(index=False, formatters=percent))


if __name__ == "__main__":
    main()
