"""Scratch folders, and those of processes that were killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

from harness.storage.liveness import this_process
from harness.storage.provenance import ROOT
from harness.storage.scratch import scratch_folder, sweep


def test_a_folder_is_gone_after_the_block_and_swept_by_nobody_in_it(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, "x-") as folder:
        (folder / "below").mkdir()
        sweep(tmp_path, "x-")
        assert (folder / "below").exists()
        assert folder.name.startswith("x-")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from harness.storage.scratch import scratch_folder\n"
        "with scratch_folder(pathlib.Path(sys.argv[1]), 'x-'):\n"
        "    print('made', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    words, pipe = [sys.executable, "-c", code, str(tmp_path)], subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        sweep(tmp_path, "x-")
        assert len(list(tmp_path.iterdir())) == 1
        process.kill()
        process.wait()
    sweep(tmp_path, "y-")
    assert len(list(tmp_path.iterdir())) == 1
    sweep(tmp_path, "x-")
    assert list(tmp_path.iterdir()) == []


def test_what_is_of_another_host_or_foreign_stays(tmp_path: Path) -> None:
    elsewhere = asdict(replace(this_process(), host="elsewhere", pid=12))
    contents = [
        json.dumps(elsewhere),
        "",
        "[]",
        "{",
        json.dumps({**asdict(this_process()), "pid": "1"}),
    ]
    for number, content in enumerate(contents):
        (tmp_path / f"x-{number}").mkdir()
        (tmp_path / f"x-{number}" / "owner.json").write_text(content)
    (tmp_path / "x-empty").mkdir()
    (tmp_path / "x-file").touch()
    (tmp_path / "x-pipe").mkdir()
    os.mkfifo(tmp_path / "x-pipe" / "owner.json")
    before = set(tmp_path.iterdir())
    sweep(tmp_path, "x-")
    assert set(tmp_path.iterdir()) == before
