"""Relevance Mapping Networks for any Avalanche script.

from rmn import RMN, convert
strategy = RMN(model=convert(net), optimizer=..., train_mb_size=128, train_epochs=5)

`RMNUnsupervised` takes the same arguments and needs no task labels.
"""

import warnings

with warnings.catch_warnings():
    # Avalanche imports it for GEM, and it complains of solvers that nothing here calls
    warnings.filterwarnings("ignore", "no QP solver found", module="qpsolvers")
    from rmn.convert import convert
    from rmn.loading import FastLoading
    from rmn.mapping.network import RelevanceNetwork
    from rmn.plugin import RelevancePlugin, RMNPlugin
    from rmn.strategy import RMN, parameter_groups
    from rmn.unsupervised import RMNUnsupervised

__all__ = [
    "RMN",
    "FastLoading",
    "RMNPlugin",
    "RMNUnsupervised",
    "RelevanceNetwork",
    "RelevancePlugin",
    "convert",
    "parameter_groups",
]
