"""Pages of reports, and a headless Chromium that opens them; one browser for all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from harness.analysis.standings import standings
from harness.config.run import Run
from harness.reporting.benchmark_report import benchmark_report
from harness.reporting.leaderboard_report import leaderboard_report
from harness.reporting.writer import write
from harness.storage import store, studies
from harness.storage.record import MethodDeclaration, Record
from harness.storage.studies import Study, Trial, TrialRun

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
"""Commands; where there is none, the browser that `playwright install chromium` brings."""

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)

HOSTILE = '</script><img src="x" onerror="document.title=\'broken\'"><!-- & "quoted"'
"""In a traceback: a page must show it as text."""


@pytest.fixture(scope="session")
def stored(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up results, with a run that failed."""
    root = tmp_path_factory.mktemp("stored") / "results"
    shutil.copytree(results, root)
    run = store.read(root, "split_mnist", "default").records[0].run
    other = {"scenario": "class-il", "baseline": "ewc", "seed": 0, "overrides": {"ewc_lambda": 3.0}}
    failed = Run(**{**run.identity, **other})
    record = Record(failed, MethodDeclaration("EWC"), {}, "failed", error=HOSTILE)
    store.save(root, record, None)
    return root


@pytest.fixture(scope="session")
def tuned(unlabelled_results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up results without task labels, with what was tried of a method's settings."""
    root = tmp_path_factory.mktemp("tuned") / "results"
    shutil.copytree(unlabelled_results, root)
    tried = [("noise", 1.0, 0.5, True), ("noise", 10.0, 0.25, False), ("own", 100.0, 0.75, True)]
    study = Study(
        benchmark="split_mnist_unsupervised",
        scenario="class-il",
        norm="shared",
        method="rmn_unsupervised",
        training={},
        space={"strength": {"low": 1.0, "high": 9.0}, "start": {"values": ("noise", "own")}},
        sampler={},
        trials=tuple(
            Trial(
                number,
                {"strength": strength, "start": start},
                (TrialRun(f"{number}", 10_000, (accuracy,)),),
                pruned=not whole,
            )
            for number, (start, strength, accuracy, whole) in enumerate(tried)
        ),
        chosen=2,
    )
    studies.save(root, study)
    return root


@pytest.fixture(scope="session")
def pages(stored: Path, tuned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages of the results."""
    folder = tmp_path_factory.mktemp("reports")
    for report in (
        leaderboard_report(standings(stored, "default")),
        benchmark_report(stored, "split_mnist", "default"),
        benchmark_report(tuned, "split_mnist_unsupervised", "default"),
    ):
        write(report, "html", folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without one, tests are skipped, but for where CI is set."""
    command = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=command, args=list(FLAGS))
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(
                f"there is no Chromium; type: make browser ({error.message.splitlines()[0]})"
            )
        expect.set_options(timeout=PATIENCE)
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]

PATIENCE = 30_000
"""Milliseconds; other tests keep the cores busy."""


@pytest.fixture
def open_page(browser: Browser, pages: Path) -> Iterator[OpenPage]:
    """Opens a page of the reports and waits until its script has run.

    After the test, the page must have said nothing on its console and asked for no other file.
    """
    complaints: list[str] = []
    contexts = []

    def opened(name: str = "split_mnist.html", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.extend(_elsewhere(request.url, pages)))
        page.goto((pages / name.partition("#")[0]).as_uri() + "#" + name.partition("#")[2])
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _elsewhere(address: str, pages: Path) -> list[str]:
    own = (pages.as_uri(), "blob:", "data:")
    return [] if address.startswith(own) else [f"asked for {address}"]
