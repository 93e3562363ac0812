"""Writing of what studies chose, for `harness.config.tuned_settings` to read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.config.tuned_settings import Choice, tuned
from harness.storage.replacing import replacing


def save_choices(benchmark: str, chosen: list[Choice], folder: Path) -> Path:
    """Merge choices with those that are there already; whole or not at all.

    Args:
        benchmark: its name.
        chosen: replace those of the same scenario, normalisation and method.
        folder: of the files of choices.

    Returns:
        The file.

    Raises:
        SettingError: the file that is there is damaged.
    """
    content: dict[str, dict[str, dict[str, Any]]] = {}
    for one in [*tuned(benchmark, folder), *chosen]:
        entry = {key: asdict(one)[key] for key in ("settings", "study")}
        content.setdefault(one.scenario, {}).setdefault(one.norm, {})[one.method] = entry
    path = folder / f"{benchmark}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    return path
