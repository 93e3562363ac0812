"""Curves for MLflow, by its own client.

They go to the server that MLFLOW_TRACKING_URI names, or else into <folder>/mlflow.db:
`mlflow ui --backend-store-uri sqlite:///<folder>/mlflow.db`.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from harness.config.run import Run
from harness.tracking.logger import parameters, register_logger, run_name

_ID: Final = "run_id"
"""Tag that has a run's id."""


@register_logger("mlflow", library="mlflow")
class MLflowLogger:
    """A run of MLflow for each run, in an experiment for each benchmark and profile.

    Args:
        run: which; one that goes on is found by its id.
        folder: of all loggers.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        from mlflow import MlflowClient

        uri = os.environ.get("MLFLOW_TRACKING_URI")
        with _alone(folder):  # or two workers that begin would make the database at once
            self._client = MlflowClient(uri or f"sqlite:///{folder.absolute()}/mlflow.db")
            name = f"{run.benchmark} {run.profile}"
            found = self._client.get_experiment_by_name(name)
            experiment = found.experiment_id if found else self._client.create_experiment(name)
            before = self._client.search_runs([experiment], f"tags.{_ID} = '{run.id}'")
            self._id = before[0].info.run_id if before else self._new(experiment, run)

    def _new(self, experiment: str, run: Run) -> str:
        made = self._client.create_run(experiment, run_name=run_name(run), tags={_ID: run.id})
        for name, value in parameters(run).items():
            self._client.log_param(made.info.run_id, name, value)
        found: str = made.info.run_id
        return found

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Store some values.

        Args:
            values: by name.
            step: epochs so far.
        """
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics: list[Any] = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def close(self) -> None:
        """End the run."""
        self._client.set_terminated(self._id)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "mlflow.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
