"""The actors of the Ray executor, called here without Ray."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from harness.config.run import Run
from harness.execution.executor import ExecutionConfig
from harness.execution.ray_worker import MadeRun, Mailbox, News, RayWorker
from harness.execution.worker import Fatal
from harness.experiment.progress import RunProgress
from harness.storage import checkpoints
from harness.storage.scratch import scratch_folder


@dataclass
class Put:
    """A mailbox's method, as an actor's handle has it."""

    mailbox: Mailbox

    def remote(self, news: News) -> None:
        self.mailbox.put(news)


@dataclass
class Handle:
    """A mailbox in this process."""

    mailbox: Mailbox = field(default_factory=Mailbox)

    @property
    def put(self) -> Put:
        return Put(self.mailbox)


@pytest.fixture(autouse=True)
def this_process_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("set_num_threads", "set_flush_denormal"):  # for all later tests
        monkeypatch.setattr(torch, name, lambda value: None)


def test_news_are_taken_once() -> None:
    mailbox = Mailbox()
    news = [News(0, "a", RunProgress(done, 2, "task 1/1")) for done in range(2)]
    for one in news:
        mailbox.put(one)
    assert mailbox.take() == news
    assert mailbox.take() == []


def test_a_run_is_sent_back_and_nothing_is_left(
    config: ExecutionConfig, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    handle = Handle()
    worker = RayWorker(config, 3, handle)
    assert worker.prepare(checkpoints.code_digest(), Path("/no/such/file")) is None
    made = worker.make(run)
    assert isinstance(made, MadeRun)
    assert (made.ended.error, made.record.run, made.record.status) == ("", run, "finished")
    assert made.rows is not None
    assert set(made.rows["run_id"]) == {run.id}
    news = handle.mailbox.take()
    assert {(one.worker, one.run_id) for one in news} == {(3, run.id)}
    assert news[-1].progress.fraction == 1
    assert list(tmp_path.glob("rmn-*")) == []
    assert not config.results.exists()


def test_what_a_killed_worker_left_goes_as_the_next_one_prepares(
    config: ExecutionConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("harness.storage.scratch.has_ended", lambda owner: True)
    with scratch_folder(tmp_path, "rmn-worker-") as left:
        worker = RayWorker(config, 0, Handle())
        assert worker.prepare(checkpoints.code_digest(), Path("/no/such/file")) is None
        assert not left.exists()


def test_a_failed_run_is_sent_back_as_one(config: ExecutionConfig, crashing: Run) -> None:
    worker = RayWorker(config, 0, Handle())
    assert worker.prepare(checkpoints.code_digest(), Path("/no/such/file")) is None
    made = worker.make(crashing)
    assert isinstance(made, MadeRun)
    assert (made.record.status, made.rows) == ("failed", None)
    assert made.record.error == made.ended.error != ""


def test_a_node_with_other_code_makes_no_runs(config: ExecutionConfig) -> None:
    refused = RayWorker(config, 0, Handle()).prepare("changed", config.results)
    assert isinstance(refused, Fatal)
    assert "other code, or other versions of the libraries" in refused.reason


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device")
def test_a_node_without_the_device_makes_no_runs(config: ExecutionConfig) -> None:
    worker = RayWorker(replace(config, device="cuda"), 0, Handle())
    refused = worker.prepare(checkpoints.code_digest(), config.results)
    assert isinstance(refused, Fatal)
    assert "torch sees no CUDA device" in refused.reason


def test_data_that_a_node_lacks_end_the_command(
    config: ExecutionConfig, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"not the data set")
    worker = RayWorker(replace(config, data=tmp_path), 0, Handle())
    assert worker.prepare(checkpoints.code_digest(), Path("/no/such/file")) is None
    refused = worker.make(run)
    assert isinstance(refused, Fatal)
    assert "damaged or altered" in refused.reason
