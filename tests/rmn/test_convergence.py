"""When a loss has converged, by hand."""

import torch

from rmn.convergence import Convergence


def moments(stretches, tolerance=0.05):
    """Whether each of the stretches, given by their two losses, ends in convergence."""
    convergence = Convergence(tolerance)
    found = []
    for losses in stretches:
        for loss in losses:
            convergence.note(torch.tensor(loss))
        found.append(convergence.reached())
    return found


def test_a_loss_that_stops_falling_has_converged():
    assert moments([(2.0, 1.0), (0.9, 0.7), (0.5, 0.5), (0.5, 0.48)]) == [False, False, False, True]


def test_a_plateau_before_the_first_fall_is_a_slow_start():
    assert moments([(2.3, 2.3), (2.3, 2.3), (2.2, 2.1), (1.0, 1.0), (1.0, 1.0)])[:4] == [False] * 4
    assert moments([(2.3, 2.3), (2.3, 2.3), (1.0, 1.0), (1.0, 1.0)])[-1]


def test_a_restart_forgets():
    convergence = Convergence(0.05)
    for loss in (2.0, 1.0):
        convergence.note(torch.tensor(loss))
        convergence.reached()
    convergence.restart()
    convergence.note(torch.tensor(1.0))
    assert not convergence.reached()
    assert convergence.noted == 0
