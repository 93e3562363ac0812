"""The filter of Algorithm 2, by hand."""

from typing import Literal

import pytest
import torch

from rmn.unsupervised.known_examples import known_examples

# probabilities of three classes for three examples under two masks
PROBABILITIES = torch.tensor(
    [
        [[0.6, 0.3, 0.1], [0.95, 0.04, 0.01], [0.4, 0.3, 0.3]],
        [[0.2, 0.2, 0.6], [0.1, 0.8, 0.1], [0.02, 0.03, 0.95]],
    ]
)
LABELS = torch.tensor([0, 1, 2])


@pytest.mark.parametrize(
    ("filter_by", "expected"),
    [
        ("label", [[True, False, False], [False, True, True]]),
        ("activation", [[False, True, False], [False, False, True]]),
        ("nothing", [[False] * 3, [False] * 3]),
    ],
)
def test_what_makes_an_example_known(
    filter_by: Literal["label", "activation", "nothing"], expected: list[list[bool]]
) -> None:
    assert known_examples(PROBABILITIES.log(), LABELS, filter_by).tolist() == expected


def test_without_a_finished_mask_nothing_is_known() -> None:
    assert known_examples(torch.empty(0, 3, 3), LABELS, "label").shape == (0, 3)
