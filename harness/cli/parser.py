"""The parser of every command: what is wrong is said first, and what could be typed after it."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final, NoReturn

from harness.config.suggestions import unknown

USAGE_ERROR: Final = 2
"""Exit status after a wrong argument."""


class _StoreOnce(argparse.Action):
    """Stores a value, and refuses a second one, of which argparse would forget the first."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store it.

        Raises:
            argparse.ArgumentError: it is the second one.
        """
        if option_string and isinstance(parser, MessageFirstParser):
            if self.dest in parser.given:
                raise argparse.ArgumentError(self, "it is there twice; leave out one of the two")
            parser.given.add(self.dest)
        setattr(namespace, self.dest, values)


class MessageFirstParser(argparse.ArgumentParser):
    """A parser whose errors begin with what is wrong.

    argparse prints every option before the message, twenty lines for a comparison, in which the
    message is lost. Options are never abbreviated.

    Args:
        arguments: those of `argparse.ArgumentParser`, by keyword.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(allow_abbrev=False, **arguments)
        for name in (None, "store"):
            self.register("action", name, _StoreOnce)
        self.given: set[str] = set()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As of `argparse.ArgumentParser.parse_known_args`; an option may be there once.

        Args:
            args: likewise.
            namespace: likewise.
        """
        self.given = set()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the message and how the command is called, and end with status 2.

        Args:
            message: what is wrong, and what to type instead.
        """
        self.exit(
            USAGE_ERROR,
            f"error: {message}\n\n"
            f"usage: {self.prog} [OPTION ...]; `{self.prog} --help` lists the options\n",
        )


class CommandParser(MessageFirstParser):
    """The parser of a whole command, which suggests the nearest option for one it does not know."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown arguments here, so that a subcommand suggests options of its own.

        Args:
            args: as of `argparse.ArgumentParser.parse_known_args`.
            namespace: likewise.

        Raises:
            SystemExit: with status 2 for a wrong argument.
        """
        found, extra = super().parse_known_args(args, namespace)
        if extra:
            options = dict.fromkeys(re.findall(r"--[a-z-]+", self.format_usage()))
            self.error(unknown("argument", extra[0].partition("=")[0], options))
        return found, extra
