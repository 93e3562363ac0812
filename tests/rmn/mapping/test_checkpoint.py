"""State dicts of lists whose flat tensors have other lengths."""

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from rmn.mapping.checkpoint import regroup_state_dict


class Group(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size))
        self.register_buffer("beta", torch.tensor(0.0))


def groups(*sizes: int) -> Sequence[Group]:
    return [Group(size) for size in sizes]


@pytest.mark.parametrize("sizes", [(6,), (2, 4), (1, 1, 4), (3, 3)])
def test_flat_tensors_are_split_anew_and_scalars_repeated(sizes: tuple[int, ...]) -> None:
    state = {
        "x.0.weight": torch.arange(3.0),
        "x.1.weight": torch.arange(3.0, 6.0),
        "x.0.beta": torch.tensor(7.0),
        "x.1.beta": torch.tensor(7.0),
        "other": torch.ones(1),
    }
    regroup_state_dict(groups(*sizes), state, "x.")
    assert state.pop("other").tolist() == [1.0]
    assert set(state) == {f"x.{n}.{name}" for n in range(len(sizes)) for name in ("weight", "beta")}
    parts = [state[f"x.{n}.weight"] for n in range(len(sizes))]
    assert [len(part) for part in parts] == list(sizes)
    assert torch.cat(parts).tolist() == list(range(6))
    assert all(state[f"x.{n}.beta"] == 7 for n in range(len(sizes)))


def test_what_does_not_fit_is_left_for_torch_to_report() -> None:
    state = {"0.weight": torch.zeros(5), "0.beta": torch.tensor(1.0)}
    modules = nn.ModuleList(groups(2, 4))
    regroup_state_dict(list(modules), state, "")
    assert len(state["0.weight"]) == 5
    with pytest.raises(RuntimeError, match="size mismatch"):
        modules.load_state_dict(state, strict=False)
