"""The Ray executor, on a real cluster of two nodes on this machine, of which one is killed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from baselines.plugins import import_plugin
from harness.config.run import Run
from harness.execution import ray as ray_executor
from harness.execution.executor import ExecutionConfig, FatalError, executors
from harness.execution.local import LocalExecutor
from harness.execution.ray import RayExecutor
from harness.execution.scheduling import Schedule
from harness.experiment.progress import RunProgress
from harness.storage import provenance, store

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")


@dataclass
class Recorder:
    """Receives everything; does something once every present run of `workers` is past a task."""

    workers: int = 0
    then: Callable[[], None] | None = None
    present: dict[int, tuple[Run, RunProgress | None]] = field(default_factory=dict)
    tries: dict[str, list[list[RunProgress]]] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    errors: dict[str, str] = field(default_factory=dict)

    def started(self, worker: int, run: Run, remaining: float | None) -> None:
        self.present[worker] = (run, None)
        self.tries.setdefault(run.id, []).append([])

    def progressed(
        self, worker: int, run: Run, progress: RunProgress, remaining: float | None
    ) -> None:
        self.present[worker] = (run, progress)
        self.tries[run.id][-1].append(progress)
        if self.then and sum(map(_midway, self.present.values())) == self.workers:
            act, self.then = self.then, None
            act()

    def ended(
        self, worker: int, run: Run, error: str, seconds: float, remaining: float | None
    ) -> None:
        self.present.pop(worker, None)
        self.ends[run.id] += 1
        self.errors[run.id] = error


def _midway(present: tuple[Run, RunProgress | None]) -> bool:
    _, progress = present
    return progress is not None and progress.doing.startswith(("task 2", "task 3", "task 4"))


def accuracies(results: Path, run: Run) -> list[float]:
    rows = store.read(results, "split_mnist", "smoke").rows
    return list(rows[(rows["run_id"] == run.id) & (rows["metric"] == "accuracy")]["value"])


@dataclass(frozen=True)
class Executed:
    """What is left of runs that were made while a node was killed."""

    config: ExecutionConfig
    recorder: Recorder
    runs: list[Run]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head node that makes nothing, and two nodes with room for one run each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.nodes = nodes
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def executed(
    tmp_path_factory: pytest.TempPathFactory, runs: list[Run], crashing: Run, cluster: Any
) -> Executed:
    results = tmp_path_factory.mktemp("results")
    config = ExecutionConfig(results, None, "auto", provenance.origin([]), jobs=None)
    longer = [replace(run, training={**run.training, "epochs": 200}) for run in runs[:3]]

    def kill_one_node() -> None:
        cluster.remove_node(cluster.nodes[1], allow_graceful=False)

    recorder = Recorder(workers=2, then=kill_one_node)
    executor = RayExecutor(config, cluster.address)
    executor.run(Schedule([*longer, crashing]), recorder)
    assert recorder.then is None, "no node was killed"
    return Executed(config, recorder, longer)


def test_every_run_finishes_and_none_is_stored_twice(executed: Executed) -> None:
    assert [executed.recorder.errors[run.id] for run in executed.runs] == [""] * len(executed.runs)
    assert set(executed.recorder.ends.values()) == {1}
    found = store.read(executed.config.results, "split_mnist", "smoke")
    assert found.damaged == {}
    finished = [record.run.id for record in found.records if record.status == "finished"]
    assert sorted(finished) == sorted(run.id for run in executed.runs)


def test_what_the_lost_node_had_begun_goes_on_from_its_checkpoint(executed: Executed) -> None:
    (again,) = (tries for tries in executed.recorder.tries.values() if len(tries) > 1)
    first, second = again
    assert first[0].doing.startswith("task 1")
    assert second[0].doing.startswith(("task 2", "task 3", "task 4", "task 5"))


def test_a_run_that_fails_is_stored_as_failed_and_not_tried_again(
    executed: Executed, crashing: Run
) -> None:
    assert store.status(executed.config.results, crashing) == "failed"
    assert "no_such_setting" in executed.recorder.errors[crashing.id]
    assert len(executed.recorder.tries[crashing.id]) == 1


def test_nothing_else_is_left_in_the_results(executed: Executed) -> None:
    left = {path.name for path in executed.config.results.rglob(".*")}
    assert left <= {".lock"}


def test_the_run_that_went_on_elsewhere_is_what_one_worker_measures(
    executed: Executed, tmp_path: Path
) -> None:
    (again,) = (run for run in executed.runs if len(executed.recorder.tries[run.id]) > 1)
    config = replace(executed.config, results=tmp_path, device="cpu")
    LocalExecutor(config).run(Schedule([again]), Recorder())
    local, there = (accuracies(folder, again) for folder in (tmp_path, executed.config.results))
    assert local
    assert local == there


def test_where_no_node_sees_the_results_folder_the_driver_stores_all_the_same(
    executed: Executed,
    tmp_path: Path,
    runs: list[Run],
    cluster: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(executed.config, results=tmp_path)

    unseen = Path("/no/such/file")
    monkeypatch.setattr(ray_executor, "_probe", lambda results: nullcontext(unseen))
    recorder = Recorder()
    RayExecutor(config, cluster.address).run(Schedule(runs[:1]), recorder)
    assert recorder.errors == {runs[0].id: ""}
    assert store.status(tmp_path, runs[0]) == "finished"


PLUGIN = '''
from dataclasses import dataclass
from typing import ClassVar

from baselines.naive import Naive
from baselines.registry import register


@register
@dataclass(frozen=True)
class Outside(Naive):
    """Fine-tuning by another name."""

    name: ClassVar[str] = "outside"
    title: ClassVar[str] = "Outside"
'''


@pytest.mark.usefixtures("registrations")
def test_workers_know_the_methods_of_plugins(
    executed: Executed, runs: list[Run], cluster: Any, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(PLUGIN)
    config = replace(executed.config, plugins=(import_plugin(str(file)),))
    run = replace(runs[0], baseline="outside")
    recorder = Recorder()
    RayExecutor(config, cluster.address).run(Schedule([run]), recorder)
    assert recorder.errors[run.id] == ""
    assert store.status(executed.config.results, run) == "finished"


def test_a_cluster_without_room_is_named(executed: Executed, runs: list[Run], cluster: Any) -> None:
    config = replace(executed.config, threads=2)
    with pytest.raises(FatalError, match=r"no node of the cluster has 2 CPUs; lower --threads"):
        RayExecutor(config, cluster.address).run(Schedule(runs[:1]), Recorder())


def test_a_cluster_that_does_not_answer_is_named(config: ExecutionConfig, runs: list[Run]) -> None:
    if ray.is_initialized():
        ray.shutdown()
    with pytest.raises(FatalError, match=r"no Ray cluster answers at 127\.0\.0\.1:1"):
        RayExecutor(config, "127.0.0.1:1").run(Schedule(runs[:1]), Recorder())


def test_want_of_ray_says_what_to_type(
    config: ExecutionConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_executor, "find_spec", lambda name: None)
    with pytest.raises(FatalError, match=r"Ray is not installed; type pip install '\.\[cluster\]'"):
        RayExecutor(config)


@pytest.mark.parametrize(
    ("node", "gpus", "room"),
    [
        ({"CPU": 8.0}, 0.0, 4),
        ({"CPU": 8.0}, 0.25, 0),
        ({"CPU": 8.0, "GPU": 1.0}, 0.25, 4),
        ({"CPU": 4.0, "GPU": 1.0}, 0.25, 2),
        ({"CPU": 64.0, "GPU": 4.0}, 0.25, 16),
        ({"CPU": 64.0, "GPU": 4.0}, 0.4, 8),  # two a GPU; what is left of each is of no use
        ({"CPU": 64.0, "GPU": 4.0}, 2.0, 2),
        ({"memory": 1.0}, 0.0, 0),
    ],
)
def test_a_node_has_room_for_its_cpus_and_gpus(
    node: dict[str, float], gpus: float, room: int
) -> None:
    assert ray_executor._room_on(node, 2, gpus) == room


@pytest.mark.parametrize("text", ["0", "0.25", "1", "2"])
def test_gpus_are_fractions_of_one_or_whole(text: str) -> None:
    (option,) = (one for one in executors()["ray"].options if one.name == "gpus_per_run")
    assert option.read(text) == float(text)


@pytest.mark.parametrize("text", ["1.5", "-1", "some", "nan", "inf", "1e9"])
def test_other_gpus_are_refused(text: str) -> None:
    (option,) = (one for one in executors()["ray"].options if one.name == "gpus_per_run")
    with pytest.raises(argparse.ArgumentTypeError, match=r"write 0\.25"):
        option.read(text)
