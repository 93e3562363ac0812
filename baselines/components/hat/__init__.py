"""Hard attention to the task (Serra, Suris, Miron & Karatzoglou, ICML 2018)."""

from baselines.components.hat.network import HATNetwork
from baselines.components.hat.plugin import HATPlugin
from baselines.components.hat.strategy import HATStrategy

__all__ = ["HATNetwork", "HATPlugin", "HATStrategy"]
