"""Task routers: inference of an input's task beside the network, for any method that needs it.

The rules of `rmn.tasks.inference` use nothing but the network. A router is fitted in one pass over
each task's training data, in closed form, and stores statistics but no example. It goes beyond the
paper, so methods that use one are declared as methods of their own.
"""

from rmn.tasks.routing.calibrated_logit import CalibratedLogit
from rmn.tasks.routing.gaussian import FeatureGaussian, PixelGaussian
from rmn.tasks.routing.plugin import RoutingPlugin
from rmn.tasks.routing.ridge import FilterRidge, UnitRidge
from rmn.tasks.routing.router import ClassRouter, OutputsPerTask, Router

__all__ = [
    "ROUTERS",
    "CalibratedLogit",
    "ClassRouter",
    "FeatureGaussian",
    "FilterRidge",
    "OutputsPerTask",
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
