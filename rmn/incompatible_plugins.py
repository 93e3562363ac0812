"""Avalanche's plugins against forgetting, of which some fail beside RMN and others only harm it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Final

from avalanche.training.plugins import (
    AGEMPlugin,
    CWRStarPlugin,
    EWCPlugin,
    FeatureDistillationPlugin,
    GDumbPlugin,
    GEMPlugin,
    LFLPlugin,
    MASPlugin,
    RARPlugin,
    RWalkPlugin,
    SynapticIntelligencePlugin,
)

_FAILING: Final = (
    CWRStarPlugin,  # these train a finished task or a part of the network, or copy the network
    EWCPlugin,
    FeatureDistillationPlugin,
    GDumbPlugin,
    LFLPlugin,
    MASPlugin,
    RARPlugin,
)
_HARMING: Final = (
    AGEMPlugin,  # these hold the weights or the gradients of a new task to those of old ones
    GEMPlugin,
    RWalkPlugin,
    SynapticIntelligencePlugin,
)


def check_other_plugins(plugins: Iterable[object]) -> None:
    """Refuse plugins that cannot work beside RMN's, and warn of those that keep it from learning.

    Args:
        plugins: of the strategy.

    Raises:
        ValueError: names one that cannot.
    """
    for plugin in plugins:
        name = type(plugin).__name__
        if isinstance(plugin, _FAILING):
            raise ValueError(
                f"{name} cannot work on a network with a mask for each task; leave it out, for RMN "
                "forgets nothing without it"
            )
        if isinstance(plugin, _HARMING):
            warnings.warn(
                f"{name} holds what a new task learns to the weights of earlier ones, which RMN "
                "keeps anyway; leave it out, for RMN forgets nothing without it",
                stacklevel=3,
            )
