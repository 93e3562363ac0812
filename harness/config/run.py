"""A run: everything that decides its numbers, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final

ROWS_VERSION: Final = 2
"""Version of the rows that a run is stored as; part of its identity."""


@dataclass(frozen=True)
class Run:
    """One training of one method on one benchmark with one seed.

    Device, machine, library versions and commit are provenance, kept beside a run's results; they
    are not part of its identity.

    Attributes:
        benchmark: name of the benchmark.
        scenario: what the method is given and asked (`harness.config.scenarios`).
        baseline: name of the method.
        settings: of the method, resolved; one that came later is absent at its default.
        profile: name of the profile.
        training: the profile's budget, resolved.
        seed: of initialisation, data order and permutations.
        versions: of the benchmark, the method and the rows.
        plugins: where what is not this project's own comes from (`baselines.plugins.origin`), of
            "baseline", "benchmark" and "network"; part of the identity where there is any.
        overrides: the settings that differ from the benchmark's defaults, those of the budget with
            the prefix "training."; for titles, no part of the identity.
    """

    benchmark: str
    scenario: str
    baseline: str
    settings: Mapping[str, Any]
    profile: str
    training: Mapping[str, Any]
    seed: int
    versions: Mapping[str, int]
    overrides: Mapping[str, Any] = field(default_factory=dict, compare=False)
    plugins: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, Any]:
        """What the id is made from."""
        parts = {one.name: getattr(self, one.name) for one in fields(self) if one.compare}
        if not self.plugins:  # or every run of before there were any would have another id
            del parts["plugins"]
        return parts

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of the identity's canonical JSON."""
        canonical = json.dumps(self.identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """Where it is, below the folder of results."""
        return Path(self.benchmark, self.profile, self.baseline, self.id)

    @property
    def setting(self) -> str:
        """The overrides as printed, such as "ewc_lambda=10.0"; "" for none."""
        return ", ".join(f"{name}={value}" for name, value in self.overrides.items())

    def __str__(self) -> str:
        setting = f"[{self.setting}]" if self.overrides else ""
        return f"{self.baseline}{setting} seed {self.seed}"
