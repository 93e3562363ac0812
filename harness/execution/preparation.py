"""Making a process ready to make runs: its threads, its device, everything imported.

Nothing heavy is imported at the top, so that the numbers of threads are set before torch and numpy
read them.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Final

from baselines.plugins import PluginError, import_again
from harness.execution.executor import ExecutionConfig, FatalError
from harness.storage import provenance

HUGE_PAGES: Final = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")
"""Read as a process starts, where the C library is glibc: training is 3 to 7 % faster."""


def thread_variables(threads: int) -> dict[str, str]:
    """Environment variables that hold the numerical libraries to a number of threads.

    They are read when torch and numpy are imported.
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def process_variables(threads: int) -> dict[str, str]:
    """Environment variables that a process has to be started with for runs of so many threads."""
    return {**thread_variables(threads), HUGE_PAGES[0]: HUGE_PAGES[1]}


def prepare(config: ExecutionConfig, number: int) -> dict[str, Any]:
    """Import everything on no run's time and choose the device; its provenance.

    Args:
        config: which device, and how many threads.
        number: of this process among those of its machine, from 0; several GPUs are taken in turn.

    Raises:
        FatalError: the device is not there, the home folder cannot be written, or a plugin cannot
            be imported.
    """
    import torch

    torch.set_num_threads(config.threads)
    torch.set_flush_denormal(True)  # closed gates make numbers that some processors are slow with
    if config.device == "cuda" and not torch.cuda.is_available():
        raise FatalError("torch sees no CUDA device; use --device cpu or --device auto")
    device = "cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu"
    name = ""
    if device == "cuda":
        torch.cuda.set_device(number % torch.cuda.device_count())
        name = torch.cuda.get_device_name()
    _import_libraries()
    try:
        import_again(config.plugins)
    except PluginError as error:
        raise FatalError(str(error)) from error
    gc.freeze()  # or each full collection walks through all that the libraries made, 0.2 s
    return provenance.machine(device, name, config.threads)


def _import_libraries() -> None:
    """Import all that a run needs.

    Raises:
        FatalError: Avalanche cannot make the folder of its settings, which it does when imported.
    """
    try:
        import harness.experiment.experiment  # noqa: F401 - imports avalanche
    except OSError as error:
        raise FatalError(
            f"the home folder {Path.home()} cannot be written ({error}); set HOME to a folder that "
            "can, such as HOME=/tmp"
        ) from error
