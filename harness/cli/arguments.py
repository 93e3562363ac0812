"""What a command makes of its arguments, or the message that says what is wrong with one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from baselines.plugins import PluginError
from harness.cli.console import end_quietly
from harness.cli.exit_codes import FINISHED, INTERRUPTED
from harness.cli.parser import CommandParser
from harness.config.settings import SettingError

Made = TypeVar("Made")


class ArgumentError(ValueError):
    """An argument that cannot be used; the message says what can."""


def with_arguments(
    parser: CommandParser, argv: Sequence[str], do: Callable[[argparse.Namespace], Made]
) -> Made:
    """What is made of the arguments, such as a request.

    Args:
        parser: of the command.
        argv: after the program's name.
        do: takes the arguments; `ArgumentError`, `SettingError` and `PluginError` say what is
            wrong with one.

    Raises:
        SystemExit: with status 2 for a wrong argument, after saying what to type instead; with
            status 0 for --help, and where nobody reads the output any more; with that of a program
            that Ctrl-C ended where it was.
    """
    args = parser.parse_args(argv)
    try:
        made = do(args)
        sys.stdout.flush()
        return made
    except (ArgumentError, SettingError, PluginError) as error:
        parser.error(str(error))
    except BrokenPipeError:
        end_quietly()
        parser.exit(FINISHED)
    except KeyboardInterrupt:
        parser.exit(INTERRUPTED, "Interrupted.\n")
