"""Task inference against hand-worked scores and a slow gradient."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rmn.tasks.inference import (
    RULES,
    SCORING_RULES,
    infer_task,
    infer_task_by_halving,
    one_shot_scores,
    task_scores,
)

# two tasks, three inputs, four classes: classes 0, 1 belong to task 0 and 2, 3 to task 1
LOGITS = torch.tensor(
    [
        [[3.0, 0.0, 9.0, 0.0], [1.0, 1.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0]],
        [[0.0, 0.0, 2.0, 2.9], [0.0, 0.0, 1.5, 0.0], [9.0, 0.0, 3.0, 0.0]],
    ]
)
CLASSES = torch.tensor([[True, True, False, False], [False, False, True, True]])


def probabilities(logits: list[float]) -> list[float]:
    total = sum(map(math.exp, logits))
    return [math.exp(logit) / total for logit in logits]


def of_own(values: list[float], own: list[bool]) -> list[float]:
    return [value for value, is_own in zip(values, own, strict=True) if is_own]


SCORES: dict[str, Callable[[list[float], list[bool]], float]] = {
    "max-logit": lambda z, own: max(of_own(z, own)),
    "max-probability": lambda z, own: max(of_own(probabilities(z), own)),
    "entropy": lambda z, own: sum(p * math.log(p) for p in probabilities(z)),
    "energy": lambda z, own: math.log(sum(math.exp(v) for v in of_own(z, own))),
}


@pytest.mark.parametrize("rule", SCORES)
def test_rules_by_hand(rule: str) -> None:
    expected = [
        [SCORES[rule](LOGITS[t, n].tolist(), CLASSES[t].tolist()) for n in range(3)]
        for t in range(2)
    ]
    torch.testing.assert_close(task_scores(LOGITS, CLASSES, rule), torch.tensor(expected))
    best = [max(range(2), key=lambda t: expected[t][n]) for n in range(3)]
    assert infer_task(LOGITS, CLASSES, rule).tolist() == best


def test_every_rule_is_tested() -> None:
    assert set(SCORING_RULES) == set(SCORES)
    assert set(RULES) - set(SCORING_RULES) == {"one-shot", "binary"}


def test_one_row_of_classes_is_for_all_tasks() -> None:
    every = CLASSES.any(0)
    found = task_scores(LOGITS, every[None], "max-logit")
    assert torch.equal(found, LOGITS.amax(-1))


def test_unknown_rule_names_the_known() -> None:
    with pytest.raises(ValueError, match="max-logit"):
        infer_task(LOGITS, CLASSES, "maxlogit")


def test_one_shot_scores_against_finite_differences() -> None:
    logits = LOGITS.double()

    def mixture_logits(weights: Tensor) -> Tensor:
        return torch.einsum("nt,tno->no", weights, logits)

    def entropy(weights: Tensor) -> Tensor:
        p = mixture_logits(weights).softmax(-1)
        return -(p * p.log()).sum(-1)

    def scored(weights: Tensor) -> Tensor:
        return mixture_logits(weights.double())

    found = one_shot_scores(scored, inputs=3, candidates=torch.tensor([True, True]))
    equal = torch.full((3, 2), 0.5, dtype=torch.double)
    for task in range(2):
        step = 1e-6 * torch.eye(2, dtype=torch.double)[task]
        slope = (entropy(equal + step) - entropy(equal - step)) / 2e-6
        torch.testing.assert_close(found[:, task].double(), -slope, rtol=1e-4, atol=1e-6)


def test_one_shot_scores_mix_the_candidates_alone() -> None:
    seen: list[Tensor] = []

    def mixture_logits(weights: Tensor) -> Tensor:
        seen.append(weights.detach())
        return torch.einsum("nt,tno->no", weights, torch.cat([LOGITS, LOGITS[:1]]))

    found = one_shot_scores(mixture_logits, inputs=3, candidates=torch.tensor([True, False, True]))
    assert torch.equal(seen[0], torch.tensor([[0.5, 0.0, 0.5]]).expand(3, 3))
    assert (found[:, 1] == -torch.inf).all()
    assert torch.equal(found[:, 0], found[:, 2])


def test_halving_drops_the_worse_half_of_each_inputs_own_candidates() -> None:
    """The scores of a round depend on who is left, as those of a mixture do."""
    rounds: list[int] = []

    def scores(x: Tensor, candidates: Tensor) -> Tensor:
        rounds.append(int(candidates.sum()))
        values = x if rounds[-1] > 3 else -x
        return values.masked_fill(~candidates, -torch.inf)

    x = torch.tensor(
        [[1.0, 2.0, 3.0, 4.0, 5.0], [9.0, 8.0, 1.0, 2.0, 7.0], [3.0, 4.0, 5.0, 2.0, 1.0]]
    )
    found = infer_task_by_halving(scores, x, torch.ones(5, dtype=torch.bool))
    assert found.tolist() == [2, 4, 0]  # the best three, then the worst of these
    assert rounds.count(5) == 1  # all inputs at once where all have the same candidates
    assert len(rounds) == 1 + 3 + 3
    three = torch.tensor([False, True, True, False, True])
    assert infer_task_by_halving(scores, x, three).tolist() == [1, 2, 4]
    alone = torch.tensor([False, False, True, False, False])
    assert infer_task_by_halving(scores, x, alone).tolist() == [2, 2, 2]
