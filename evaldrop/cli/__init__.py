"""The command line: `evaldrop COMMAND`."""

import gc
import sys

from evaldrop.cli import exits


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code; see `evaldrop.cli.dispatch`."""
    # Imports and a run make millions of objects and hardly a cycle: looking for one at every 700th, as
    # Python does by default, takes a tenth of the CPU time.
    gc.set_threshold(100_000, 50, 100)
    try:
        given = sys.argv[1:] if arguments is None else arguments
        if is_to_run(given):
            from evaldrop.running.processes import begin_calls_process, begin_function_process

            # First of all: they import what they need while this process does.
            begin_function_process()
            if is_to_call_aws(given):
                begin_calls_process()
        from evaldrop.cli.dispatch import main as run_command
    except ImportError as error:
        # Python would end with 1, which says that a gate failed.
        print(f"error evaldrop is not installed whole: {error}. Install it again.", file=sys.stderr)  # noqa: T201
        return exits.FAULT_OF_OURS
    try:
        return run_command(arguments)
    finally:
        # Python looks for cycles once more when it ends: a third of a second, for nothing.
        gc.freeze()


def is_to_run(arguments: list[str]) -> bool:
    """Tell whether arguments are likely to be of a command that executes a run on this machine."""
    return arguments[:1] == ["run"] and not {"-h", "--help"} & set(arguments)


def is_to_call_aws(arguments: list[str]) -> bool:
    """Tell whether a run's arguments are likely to have it call AWS, as it does by default."""
    told = [argument for argument in arguments if argument.startswith(("--bedrock", "--resume"))]
    return not told or ("aws" in arguments and "--bedrock" in arguments) or "--bedrock=aws" in arguments


__all__ = ["main"]
