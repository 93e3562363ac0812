"""What methods that detect the tasks of a stream themselves declare. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.interface import Baseline, Supervision, setting

if TYPE_CHECKING:
    from rmn.unsupervised.switch_detection import SwitchDetector


@dataclass(frozen=True)
class SwitchDetectingBaseline(Baseline):
    """A method that needs no task labels, since it tests each batch for a task switch."""

    supervision: ClassVar[Supervision] = Supervision.NONE

    detector: Literal["loss", "divergence", "features"] = setting(
        "loss", "what a task switch shows in: loss, KL divergence (the paper) or features"
    )
    significance: float = setting(
        1e-6, "p-value below which a batch is a new task", minimum=1e-300, maximum=0.5
    )
    window: int = setting(100, "batches that incoming ones are compared with", minimum=2)
    warm_up: int = setting(100, "batches after a switch in which none is looked for", minimum=0)

    def switch_detector(self) -> SwitchDetector:
        """The detector that the settings describe."""
        from rmn.unsupervised.switch_detection import DETECTORS

        return DETECTORS[self.detector](
            significance=self.significance, window=self.window, warm_up=self.warm_up
        )
