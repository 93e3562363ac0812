"""What the settings of all publications have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.config.budgets import LONG, TrainingBudget, profiles

Settings = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Settings by scenario and method."""


def published(budget: TrainingBudget) -> Mapping[str, TrainingBudget]:
    """The publication's budget in every profile but the one for tests."""
    smoke = replace(budget, epochs=1, train_examples=1024, test_examples=512)
    of_all = profiles(budget, smoke, budget, long_epochs=budget.epochs)
    return {**of_all, LONG: budget}
