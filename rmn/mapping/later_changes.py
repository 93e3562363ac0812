"""Detection of changes that were made to a network after its conversion."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from rmn.tasks.values_per_task import ValuesPerTask


def check_unchanged(body: nn.Module) -> None:
    """Refuse parameters that a converted module has not had, or that were frozen since.

    All tasks would share a new one, so that finished ones would be forgotten. And a layer that is
    frozen now would go on learning: its weight is no parameter of its own any more.

    Args:
        body: the module with tensors of each task.

    Raises:
        RuntimeError: there is such a parameter; it is named.
    """
    for path, module in body.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            place = f"{path}.{name}".lstrip(".")
            kept = isinstance(module, ValuesPerTask) and name in module.kept_names
            if not kept and not isinstance(module, _BatchNorm):  # which tasks may share by choice
                raise RuntimeError(
                    f"{place} ({type(module).__name__}) was put into the network after its "
                    "conversion, and all tasks would share it; change the module, then convert it"
                )
            if not parameter.requires_grad:
                raise RuntimeError(
                    f"{place} was frozen after the conversion, which does not reach the weights; "
                    f"call requires_grad_(False) on {path or 'the module'} before it is converted"
                )
