"""Benchmarks in the settings of publications, whose numbers this code is held against.

Each is a stream of ours with the network, the budget and the strengths of a publication, so that
the same method can be held against the number printed there (`harness.analysis.anchors`). A module
has the settings of one publication; what is known of them is in the publication or in its authors'
code, and what differs here is said there. Strengths are converted to the scale of our methods:

- EWC: ours is lambda / 2 * sum of F (w - w*)², F the mean of squared gradients of single examples.
  A publication without the half has twice its lambda here.
- SI: ours is c * sum of omega (w - w*)², as in all of them.
- MAS: ours takes the mean over examples of the size of each gradient of the squared norm of the
  outputs. A publication that takes the mean over the outputs instead of the sum has its lambda over
  the number of outputs here; one that takes the gradient of a batch's mean has less still.
- LwF: ours is the loss + alpha * sum over the earlier tasks of the distillation. Hsu et al. 2018
  weigh the loss by 1/t in task t, the mean of the t - 1 distillations by 1 - 1/t, and multiply
  these by the squared temperature: at temperature 2, an alpha of 4 here, all over t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from harness.config.anchors import buzzega, chaudhry, hsu, kang, lee, nguyen, pan, titsias, vandeven

if TYPE_CHECKING:
    from harness.config.benchmarks import Benchmark


def anchors(benchmarks: Mapping[str, Benchmark]) -> Iterator[Benchmark]:
    """Every benchmark in the setting of a publication.

    Args:
        benchmarks: by name, those that they are variants of.
    """
    for publication in (hsu, vandeven, kang, chaudhry, buzzega, nguyen, pan, titsias, lee):
        yield from publication.anchors(benchmarks)
