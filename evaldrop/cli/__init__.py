"""The command line: `evaldrop COMMAND`."""

import gc


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; see `evaldrop.cli.app`."""
    # Imports and a run make millions of objects and hardly a cycle: looking for one at every 700th, as
    # Python does by default, takes a tenth of the CPU time.
    gc.set_threshold(100_000, 50, 100)
    from evaldrop.cli.app import main as run_command

    try:
        return run_command(arguments)
    finally:
        # Python looks for cycles once more when it ends: a third of a second, for nothing.
        gc.freeze()


__all__ = ["main"]
