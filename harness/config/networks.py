"""What a backbone is, and those that plugins register. No torch: names must be known without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from baselines.plugins import NETWORKS, check_name, import_entry_points
from baselines.registration import Registry

if TYPE_CHECKING:
    from torch import nn

Normalisation = Literal["batch", "group", "none"]
"""What follows each layer of a backbone: BatchNorm; GroupNorm of at most eight groups, or LayerNorm
after linear layers, without parameters, so that there is nothing in them to forget; or nothing."""

BUILT_IN: Final = (
    "mlp",
    "mlp_2x400",
    "mlp_2x1000",
    "mlp_2x100",
    "mlp_2x100_bias",
    "mlp_2x256",
    "mlp_2x256_wide_start",
    "omniglot_cnn",
    "cifar_cnn",
    "resnet18",
    "resnet18_small_stem",
)
"""Names of those of `harness.training.networks`, which imports torch."""

NetworkFunction = Callable[[int, Normalisation], "nn.Module"]
"""Takes the number of outputs and the normalisation."""


@dataclass(frozen=True, slots=True)
class Network:
    """A backbone that benchmarks name.

    Attributes:
        make: takes the number of outputs and the normalisation.
        input_shape: of the inputs it was made for, such as (channels, height, width).
        evaluation_batch: examples per forward pass at evaluation on a processor; None for the
            usual number. Smaller where activations would leave the processor's cache.
        timed_batch: examples per training step when `harness.bench` measures the overhead of masks
            on this network; None to leave it out.
    """

    make: NetworkFunction
    input_shape: tuple[int, ...]
    evaluation_batch: int | None = None
    timed_batch: int | None = None


_NETWORKS: Final = Registry[Network](
    "networks", lambda network: network.make.__module__, reserved=BUILT_IN
)


def register_network(
    name: str, *, input_shape: tuple[int, ...], **fields: Any
) -> Callable[[NetworkFunction], NetworkFunction]:
    """Decorator that makes a backbone known by the name that benchmarks call it.

    Args:
        name: of the backbone.
        input_shape: see `Network`, as for all others.
        **fields: `evaluation_batch` and `timed_batch`.

    Raises:
        ValueError: the name is taken or cannot be typed.
    """
    check_name("network", name)

    def registered(function: NetworkFunction) -> NetworkFunction:
        _NETWORKS.add(name, Network(function, input_shape, **fields))
        return function

    return registered


def registered_networks() -> dict[str, Network]:
    """The backbones of plugins by name."""
    import_entry_points(NETWORKS)
    return _NETWORKS.known()


def network_names() -> tuple[str, ...]:
    """Names of all backbones."""
    return (*BUILT_IN, *registered_networks())
