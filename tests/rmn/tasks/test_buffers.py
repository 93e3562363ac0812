"""Loading of buffers whose number of rows differs."""

from typing import Any

import torch
from torch import Tensor, nn

from rmn.tasks.buffers import resize_buffers


class Rows(nn.Module):
    """A buffer that grows, and one that does not."""

    rows: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("rows", torch.empty(0, 3))
        self.register_buffer("fixed", torch.zeros(2))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        resize_buffers(self, ["rows"], state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def test_rows_are_loaded_whatever_their_number_and_type() -> None:
    saved, loaded = (nn.Sequential(nn.ReLU(), Rows()) for _ in "ab")
    assert isinstance(saved[1], Rows)
    assert isinstance(loaded[1], Rows)
    saved[1].rows = torch.arange(12, dtype=torch.uint8).reshape(4, 3)
    loaded.load_state_dict(saved.state_dict())
    assert torch.equal(loaded[1].rows, saved[1].rows)
    assert loaded[1].rows.dtype == torch.uint8
    assert loaded[1].rows.data_ptr() != saved[1].rows.data_ptr()


def test_a_missing_buffer_stays() -> None:
    module = Rows()
    before = module.rows
    resize_buffers(module, ["rows"], {"other.rows": torch.ones(1, 3)}, "")
    assert module.rows is before
