"""Algorithm 2 of the RMN paper as it is printed: no class label decides what is new or known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from baselines.interface import Role, setting
from baselines.registry import register
from baselines.rmn_unsupervised import RMNUnsupervisedBaseline


@register
@dataclass(frozen=True)
class RMNAlgorithm2(RMNUnsupervisedBaseline):
    """`rmn_unsupervised` with the filter and the switch detection that the paper describes.

    An example is known if some finished mask has a "high and confident" activation for it (line 4),
    and a switch is a Welch test on the KL divergence of the predictions from the prior (line 7,
    Section 5.2.1). `rmn_unsupervised` asks the class label in both places and in a third, which
    learns from no example that the live mask thinks impossible: there is none here. How masks are
    learned is the same.
    """

    name: ClassVar[str] = "rmn_algorithm2"
    title: ClassVar[str] = "RMN (Algorithm 2)"
    role: ClassVar[Role] = Role.REFERENCE
    colour: ClassVar[str] = "#7fb3d5"

    detector: Literal["loss", "divergence", "features"] = setting(
        "divergence", "what a task switch shows in: loss, KL divergence (the paper) or features"
    )
    filter_by: Literal["label", "activation", "nothing"] = setting(
        "activation", "what makes an example known to a finished mask; the paper: activation"
    )
    hold_back: float = setting(
        0.0, "probability below which a warm mask does not learn an example", minimum=0, maximum=1
    )
