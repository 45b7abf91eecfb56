"""The command line: `evaldrop COMMAND`."""

from evaldrop.cli.app import main

__all__ = ["main"]
