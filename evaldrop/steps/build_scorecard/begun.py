"""What a process has scored of a run before its results are whole; a function of AWS never has any."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from evaldrop.report.rows import ReportRows
    from evaldrop.run.definition import RunDefinition


class Begun(Protocol):
    """A pass over a run's records that has begun."""

    def finish(self, run: "RunDefinition", manifests: Sequence[str]) -> "tuple[Any, ReportRows] | None":
        """
        Return what the whole pass gives, the tables written; None where it has to be made anew.

        That is a `RunTally` of `build`, which imports this module, and the report's rows.
        """


_BEGUN: dict[str, Begun] = {}


def note_begun(folder: str, begun: Begun) -> None:
    """Note that a pass over the records of the run in a folder has begun in this process."""
    _BEGUN[folder] = begun


def take_begun(folder: str) -> Begun | None:
    """Return the pass that has begun in this process, once."""
    return _BEGUN.pop(folder, None)
