"""Convergence of a loss, by hand."""

from collections.abc import Sequence

import torch

from rmn.convergence import Convergence


def ends_of_windows(windows: Sequence[Sequence[float]], tolerance: float = 0.05) -> list[bool]:
    """Whether the loss has converged at the end of each window, given by its losses."""
    convergence = Convergence(tolerance)
    ends = []
    for losses in windows:
        for loss in losses:
            convergence.update(torch.tensor(loss))
        assert convergence.steps == len(losses)
        ends.append(convergence.end_window())
    return ends


def test_a_loss_that_stops_falling_has_converged() -> None:
    windows = [(2.0, 1.0), (0.9, 0.7), (0.5, 0.5), (0.5, 0.48)]
    assert ends_of_windows(windows) == [False, False, False, True]


def test_a_plateau_before_the_first_fall_is_a_slow_start() -> None:
    slow = [(2.3, 2.3), (2.3, 2.3), (2.2, 2.1), (1.0, 1.0), (1.0, 1.0)]
    assert ends_of_windows(slow)[:4] == [False] * 4
    assert ends_of_windows([(2.3, 2.3), (2.3, 2.3), (1.0, 1.0), (1.0, 1.0)])[-1]


def test_a_reset_forgets() -> None:
    convergence = Convergence(0.05)
    for loss in (2.0, 1.0):
        convergence.update(torch.tensor(loss))
        convergence.end_window()
    convergence.reset()
    convergence.update(torch.tensor(1.0))
    assert not convergence.end_window()
    assert convergence.steps == 0
