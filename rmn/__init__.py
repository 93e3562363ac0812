"""Relevance Mapping Networks for any Avalanche script.

from rmn import RMN, convert
strategy = RMN(model=convert(net), optimizer=..., train_mb_size=128, train_epochs=5)
"""

from rmn.convert import convert
from rmn.network import RelevanceNetwork
from rmn.plugin import RMNPlugin
from rmn.strategy import RMN, parameter_groups

__all__ = ["RMN", "RMNPlugin", "RelevanceNetwork", "convert", "parameter_groups"]
