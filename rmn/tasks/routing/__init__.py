"""Naming the task of an input beside the network: task routers, for any method with task masks.

Max-logit and the other rules of `rmn.tasks.inference` ask the network alone. A router is fitted in one
pass over each task's training data, in closed form, and keeps statistics but no example. It goes
beyond the paper, so methods that have one are methods of their own.
"""

from rmn.tasks.routing.calibrated_logit import CalibratedLogit
from rmn.tasks.routing.gaussian import FeatureGaussian, PixelGaussian
from rmn.tasks.routing.plugin import RoutingPlugin
from rmn.tasks.routing.ridge import FilterRidge, UnitRidge
from rmn.tasks.routing.router import AnswersPerTask, ClassRouter, Router

__all__ = [
    "ROUTERS",
    "AnswersPerTask",
    "CalibratedLogit",
    "ClassRouter",
    "FeatureGaussian",
    "FilterRidge",
    "PixelGaussian",
    "Router",
    "RoutingPlugin",
    "UnitRidge",
]

ROUTERS: dict[str, type[Router]] = {
    "pixel-gaussian": PixelGaussian,
    "feature-gaussian": FeatureGaussian,
    "calibrated-logit": CalibratedLogit,
    "ridge-units": UnitRidge,
    "ridge-filters": FilterRidge,
}
"""Every router by the name of its rule."""
