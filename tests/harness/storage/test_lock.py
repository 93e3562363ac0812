"""The lock: one holder at a time, also among processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from harness.storage.lock import LOCK, locked

HOLDER = """
import sys
from pathlib import Path
from harness.storage.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_is_waited_for(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    taken = threading.Event()

    def take() -> None:
        with locked(tmp_path):
            taken.set()

    waiting = threading.Thread(target=take)
    waiting.start()
    assert not taken.wait(0.2)
    holder.communicate()
    assert taken.wait(10)
    waiting.join()


def test_folder_is_made_and_the_lock_is_free_again(tmp_path: Path) -> None:
    results = tmp_path / "a" / "results"
    for _ in range(2):
        with locked(results):
            assert [path.name for path in results.iterdir()] == [LOCK]
