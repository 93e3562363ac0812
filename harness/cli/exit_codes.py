"""What commands exit with."""

from __future__ import annotations

import signal
from typing import Final

FINISHED: Final = 0
INCOMPLETE: Final = 1
REFUSED: Final = 2
ENDED: Final = 128
"""To which the number of a signal is added for the status of a command that it has ended."""
INTERRUPTED: Final = ENDED + signal.SIGINT
